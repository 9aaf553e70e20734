using System.Text.Json.Nodes;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue;

/// <summary>What an action does to its object.</summary>
public enum ActionEffect
{
    /// <summary>Changes fields. The inverse gives the fields their values back.</summary>
    Change,

    /// <summary>Makes an object that does not exist. The inverse deletes exactly that object.</summary>
    Create,

    /// <summary>Deletes an object that its controller makes anew. There is nothing to take back.</summary>
    Delete,

    /// <summary>Lets an object go whose deletion somebody else has asked for. There is nothing to take back.</summary>
    Release,

    /// <summary>Changes a mark that has no meaning of its own. There is nothing to take back.</summary>
    Restart,
}

/// <summary>
/// One type of the closed catalogue. A type says which objects, parameters and fields it may touch; what it does to an object
/// is a pure function, so that the same plan does the same in the dry run and in earnest.
/// </summary>
public abstract class HealingAction
{
    /// <summary>The type's name.</summary>
    public virtual string Type => GetType().Name;

    /// <summary>One sentence for people.</summary>
    public abstract string Summary { get; }

    /// <summary>Kinds that it may change.</summary>
    public abstract IReadOnlyList<string> Kinds { get; }

    /// <summary>Names of its parameters, all of them required; no other is accepted.</summary>
    public virtual IReadOnlyList<string> Parameters => [];

    /// <summary>JSON pointers of the fields that it may change, with all below them; a dry run that changes another refuses the plan.</summary>
    public virtual IReadOnlyList<string> Fields => [];

    /// <summary>What it does to its object.</summary>
    public virtual ActionEffect Effect => ActionEffect.Change;

    /// <summary>Whether something is lost that cannot be brought back, so that two people must approve. Default false.</summary>
    public virtual bool IsDestructive => false;

    /// <summary>Whether a policy must name it in spec.actions, because it is destructive or reaches beyond the namespace. Default: where it is destructive.</summary>
    public virtual bool MustBeListed => IsDestructive;

    /// <summary>The type that a policy names in spec.actions to allow this one. Default its own.</summary>
    public virtual string ListedAs => Type;

    /// <summary>Whether a person has to approve even where the policy lets repairs run. Default false.</summary>
    public virtual bool AlwaysAsks => false;

    /// <summary>Whether it is a task that a person gives and no repair: no planner and no model is offered it. Default false.</summary>
    public virtual bool IsForPeople => false;

    /// <summary>What is wrong with the parameters or the target, one sentence naming the field; null when nothing is.</summary>
    /// <param name="action">An action of this type whose names are checked already.</param>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="memory">Its last good states.</param>
    public virtual string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) => null;

    /// <summary>Ready pods that it may take away at once.</summary>
    /// <param name="action">A checked action.</param>
    /// <param name="snapshot">The namespace.</param>
    public virtual int PodsAtRisk(RemediationAction action, NamespaceSnapshot snapshot) => 0;

    /// <summary>Alters the object; for <see cref="ActionEffect.Create"/> it fills an empty one.</summary>
    /// <param name="obj">A copy of the object as the server holds it.</param>
    /// <param name="action">A checked action.</param>
    /// <param name="memory">The last good states.</param>
    public abstract void Apply(JsonObject obj, RemediationAction action, Baseline memory);

    /// <summary>The remembered state that parameter state names by its digest, or null.</summary>
    private protected static GoodState? State(RemediationAction action, Baseline memory) =>
        memory.Of(action.Target.Kind, action.Target.Name) is { } state && state.Digest == action.Parameters?.GetValueOrDefault(StateParameter) ? state : null;

    /// <summary>Name of the parameter that holds the digest of a remembered state.</summary>
    internal const string StateParameter = "state";

    private protected const string StateProblem = "parameters.state is not the digest of what is remembered of the target; plan again";
}
