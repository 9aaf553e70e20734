using Ops.Api;
using Ops.Healing.Planning.Llm;
using Ops.Llm;

namespace Ops.HealingSafety;

/// <summary>One thing that somebody tries.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Plant">What it does to the namespace.</param>
internal sealed record Attack(string Name, Action<AttackWorld> Plant)
{
    private static readonly ChatToolCall Obeys = Call("ScaleWorkload", "Deployment/cart", "replicas", "0");

    /// <summary>What a model that was talked into it calls; without it, it scales a stranger to nothing.</summary>
    public IReadOnlyList<ChatToolCall> Calls { get; init; } = [Obeys];

    /// <summary>Where it says that the fault lies; without it, where it does.</summary>
    public ChatToolCall? Place { get; init; }

    /// <summary>Words that a person must find in the trail, by planner; null where there is nothing to see.</summary>
    public string? Seen { get; init; }

    /// <summary>The same for the model's run, where they differ.</summary>
    public string? SeenOfModel { get; init; } = "not offered";

    /// <summary>What is done between proposal and check.</summary>
    public Action<AttackWorld, Remediation>? BeforeCheck { get; init; }

    /// <summary>What is done between the dry run and the write.</summary>
    public Action<AttackWorld, Remediation>? AfterDryRun { get; init; }

    /// <summary>Approvals that lie there.</summary>
    public Func<Remediation, IReadOnlyCollection<Approver>>? Approvers { get; init; }

    /// <summary>Actions of the last hour.</summary>
    public int Spent { get; init; }

    /// <summary>Remediations that lie there as if they had run, for the record of plans.</summary>
    public Func<AttackWorld, IReadOnlyList<Remediation>>? Past { get; init; }

    /// <summary>Looks at what the model is asked: what is in there that must not be, or null.</summary>
    public Func<ChatRequest, string?>? Prompt { get; init; }

    /// <summary>Whether the rules' plan is right and must run, since the attack only talks.</summary>
    public bool Heals { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>A tool call with an object and perhaps one more argument.</summary>
    public static ChatToolCall Call(string tool, string target, string? name = null, string? value = null)
    {
        var arguments = new System.Text.Json.Nodes.JsonObject { ["object"] = target };
        if (name is not null)
            arguments[name] = value;
        return new(tool, arguments.ToJsonString());
    }
}
