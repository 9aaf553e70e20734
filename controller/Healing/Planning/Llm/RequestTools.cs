using System.Globalization;
using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Catalogue.Actions;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;
using Ops.Llm;

namespace Ops.Healing.Planning.Llm;

/// <summary>The only ways in which a model can answer a person's request: actions on what the request names, a goal, or why not.</summary>
internal static class RequestTools
{
    /// <summary>Proposes a goal.</summary>
    public const string Goal = "propose_goal";

    /// <summary>Says why nothing is done.</summary>
    public const string Cannot = "cannot_do";

    private const string Reason = "reason";
    private const string Type = "type";
    private const string Percent = "percentOfLimit";
    private const string Below = "below";
    private const string Replicas = "replicas";
    private const string Min = "min";
    private const string Max = "max";
    private const string Combine = "combine";

    private static readonly string[] GoalArguments = [Type, Percent, Below, Replicas, Min, Max, Combine];

    // What each reason means to the person who asked.
    private static readonly Dictionary<string, Func<string, string>> Reasons = new()
    {
        ["no_such_action"] = _ => "no action of the catalogue does that; the README of the controller lists them under Healing",
        ["unknown_object"] = ns => $"it names no object of namespace {ns} that could be acted on so; write the name as kubectl get shows it",
        ["other_namespace"] = ns => $"a Remediation acts in its own namespace alone, which is {ns}; make one in the other",
        ["approval_or_rights"] = _ => "a request approves nothing and changes no policy, right or webhook; leave that out",
        ["secret"] = _ => "nothing here reads or writes Secrets",
        ["unclear"] = _ => "it can be read in more than one way; say which object and what exactly",
    };

    /// <summary>The actions, one tool a type.</summary>
    public static IReadOnlyList<ChatToolSchema> Actions(RequestWords words, NamespaceSnapshot snapshot, Baseline memory)
    {
        var (tools, named) = (new List<ChatToolSchema>(), words.Named(snapshot, memory));
        foreach (var type in ActionCatalogue.All.Concat(ActionCatalogue.Tasks))
        {
            var targets = type is CreateDeployment ? words.NewNames(snapshot, V1Deployment.KubeKind)
                : [.. named.Where(key => key.Split('/') is [var kind, var name] && type.Kinds.Contains(kind) && (type.Effect == ActionEffect.Create) == (snapshot.Find(kind, name) is null) && (!Toolbox.Restores(type) || memory.States.ContainsKey(key)))];
            if (targets.Count > 0)
                tools.Add(Toolbox.For(type, targets, type.Parameters.Where(name => name is not (HealingAction.StateParameter or RestartRollout.AtParameter))));
        }

        return tools;
    }

    /// <summary>What is there beside the actions.</summary>
    /// <param name="targets">"Kind/name" of what a goal would be about.</param>
    public static IReadOnlyList<ChatToolSchema> Others(IReadOnlyList<string> targets) =>
    [
        .. targets.Count == 0 ? [] : (ChatToolSchema[])[new(
            Goal,
            $"Propose a goal to keep from now on for {string.Join(", ", targets)}. ready: all pods ready. cpu, memory: at most {Percent} of the limits. meanLatency, p99Latency: at most {Below}, a duration such as 300ms. replicas: so many pods. autoscale: {Min} to {Max} pods that keep {Percent} of the processor or {Below}. {Combine} sum: latencies of all together, else each. Leave what does not apply empty.",
            Toolbox.Schema(new()
            {
                [Type] = Toolbox.OneOf([GoalTypes.Ready, GoalTypes.Cpu, GoalTypes.Memory, GoalTypes.MeanLatency, GoalTypes.P99Latency, GoalTypes.Replicas, GoalTypes.Autoscale]),
                [Percent] = Toolbox.Text(), [Below] = Toolbox.Text(), [Replicas] = Toolbox.Text(), [Min] = Toolbox.Text(), [Max] = Toolbox.Text(),
                [Combine] = Toolbox.OneOf([GoalCombinations.Each, GoalCombinations.Sum]),
            }))],
        new(Cannot, "Say why the request is not carried out.", Toolbox.Schema(new() { [Reason] = Toolbox.OneOf([.. Reasons.Keys]) })),
    ];

    /// <summary>Why nothing is done, or what is wrong with the answer.</summary>
    public static string ReasonOf(ChatToolCall call, string ns) =>
        AnswerReader.Arguments(call, [Reason], out var problem) is { } arguments && Reasons.TryGetValue(arguments[Reason], out var sentence) ? sentence(ns) : problem.Length > 0 ? problem : "it gave a reason that was not offered";

    /// <summary>The goal, or why it is none.</summary>
    public static HealingGoal? GoalOf(ChatToolCall call, RequestWords words, IReadOnlyList<string> targets, out string problem)
    {
        if (AnswerReader.Arguments(call, GoalArguments, out problem) is not { } arguments)
            return null;
        var kinds = targets.Select(key => key.Split('/')[0]).Distinct().ToList();
        if (kinds.Count > 1)
        {
            problem = "a goal is for Deployments or for StatefulSets, and the request names both; give two requests";
            return null;
        }

        if (arguments.Where(pair => pair.Key is not (Type or Combine)).FirstOrDefault(pair => !IsSaid(pair.Value, words)) is { Value: { } unsaid } odd)
        {
            problem = $"it would set {odd.Key} to \"{TaintedText.Clean(unsaid, 40)}\", which the request does not say";
            return null;
        }

        var goal = new HealingGoal
        {
            Name = NameOf(arguments[Type], targets[0].Split('/')[1]), Type = arguments[Type], Kind = kinds[0], Targets = [.. targets.Select(key => key.Split('/')[1]).Take(HealingGoal.MaxTargets)], Combine = arguments[Combine],
            PercentOfLimit = Number(arguments[Percent]), Replicas = Number(arguments[Replicas]), Min = Number(arguments[Min]), Max = Number(arguments[Max]),
            Below = arguments[Below].Length == 0 ? null : arguments[Below],
        };
        problem = goal.Below is { } below && !GoDuration.TryParse(below, out _) ? $"{Below} must be a duration such as 300ms, without a space"
            : new[] { goal.PercentOfLimit, goal.Replicas, goal.Min, goal.Max }.Any(number => number is < 1 or > 100) ? "its numbers must be 1 to 100"
            : HealingGoalRules.Broken(goal).FirstOrDefault() ?? "";
        return problem.Length == 0 ? goal : null;
    }

    // 300ms is said by "300ms" and by "300 ms".
    private static bool IsSaid(string value, RequestWords words) =>
        words.Says(value) || (value.TrimEnd('s', 'm', 'h', '%') is var number && words.Numbers.Any(one => one.ToString(CultureInfo.InvariantCulture) == number) && words.Says(value[number.Length..])) || words.Says(value + "%");

    private static int? Number(string text) => int.TryParse(text.TrimEnd('%'), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string NameOf(string type, string target) => $"{type.ToLowerInvariant()}-{target}" is { Length: > 63 } name ? name[..63].TrimEnd('-', '.') : $"{type.ToLowerInvariant()}-{target}";
}
