using System.Text.Json.Nodes;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Cluster;
using Ops.Healing.Content;
using Ops.Healing.Guarding;
using Ops.Healing.Memory;
using Ops.Kube;

namespace Ops.Healing.Executing;

/// <summary>An action must not or cannot be done; the message is for people.</summary>
public sealed class ActionRefusedException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ActionRefusedException()
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    public ActionRefusedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and a cause.</summary>
    public ActionRefusedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>
/// Carries out one action: tried by the server first, written under its resourceVersion, taken back field by field. It makes
/// no choices, and each of its methods can be run again after a crash.
/// </summary>
public sealed class ActionExecutor(RawObjects objects)
{
    /// <summary>Whether an error is a no that stays one, from here or from the server, and not a trouble that passes.</summary>
    /// <param name="error">What an action ended with.</param>
    public static bool IsRefusal(Exception error) =>
        error is ActionRefusedException || (error is KubeApiException { StatusCode: var code } && (int)code is >= 400 and < 500 and not 408 and not 409 and not 429);

    /// <summary>The content digest that a new action is bound to; null where the object does not exist.</summary>
    public async Task<string?> PreconditionAsync(string ns, RemediationTarget target, CancellationToken cancellationToken) =>
        await objects.GetAsync(KnownKinds.Of(target.Kind), ns, target.Name, cancellationToken) is { } obj ? ObjectContent.Digest(obj) : null;

    /// <summary>Has the server try the action, and says what it would change.</summary>
    /// <exception cref="ActionRefusedException">The object changed since the plan, or the change is not what the action may do.</exception>
    /// <exception cref="KubeApiException">The server refuses it.</exception>
    public async Task<RemediationStep> TryAsync(string ns, RemediationAction action, Baseline memory, CancellationToken cancellationToken)
    {
        var (type, kind) = (ActionCatalogue.Find(action.Type)!, KnownKinds.Of(action.Target.Kind));
        var now = await objects.GetAsync(kind, ns, action.Target.Name, cancellationToken);
        if ((now is null ? null : ObjectContent.Digest(now)) != action.Precondition)
            throw new ActionRefusedException($"{action.Target.Kind} {action.Target.Name} is not as it was when the plan was made.");
        switch (type.Effect)
        {
            case ActionEffect.Create:
                var made = await objects.CreateAsync(kind, ns, Altered([], type, action, memory), dryRun: true, cancellationToken);
                if (Privilege.Problem(null, ObjectContent.Of(made)) is { } right)
                    throw new ActionRefusedException(right);
                return new() { State = RemediationStepStates.Checked, Changes = ObjectDiff.Between(null, ObjectContent.Of(made)) };
            case ActionEffect.Delete:
                await objects.DeleteAsync(kind, ns, action.Target.Name, Uid(now!), dryRun: true, cancellationToken);
                return new() { State = RemediationStepStates.Checked, Uid = Uid(now!) };
            case ActionEffect.Release:
                if (now!["metadata"]!["deletionTimestamp"] is null)
                    throw new ActionRefusedException($"{action.Target.Kind} {action.Target.Name} is not being deleted.");
                await objects.ReplaceAsync(kind, ns, Altered(now, type, action, memory), dryRun: true, cancellationToken);
                return new() { State = RemediationStepStates.Checked, Uid = Uid(now), Changes = [new() { Path = "/metadata/finalizers", Before = now["metadata"]!["finalizers"]?.ToJsonString() }] };
            default:
                var after = await objects.ReplaceAsync(kind, ns, Altered(now!, type, action, memory), dryRun: true, cancellationToken);
                var changes = ObjectDiff.Between(ObjectContent.Of(now!), ObjectContent.Of(after));
                if ((DryRun.Problem(type, changes) ?? Privilege.Problem(ObjectContent.Of(now!), ObjectContent.Of(after))) is { } problem)
                    throw new ActionRefusedException(problem);
                return new() { State = RemediationStepStates.Checked, Changes = changes, Uid = Uid(now!), After = ObjectContent.Digest(after) };
        }
    }

    /// <summary>Does what was tried. An action that a crash left done and unreported is found done.</summary>
    /// <exception cref="ActionRefusedException">The object changed since it was tried.</exception>
    /// <exception cref="KubeApiException">The server refuses it; 409 where the object changed a moment ago.</exception>
    public async Task<RemediationStep> DoAsync(string ns, RemediationAction action, RemediationStep step, Baseline memory, CancellationToken cancellationToken)
    {
        var (type, kind) = (ActionCatalogue.Find(action.Type)!, KnownKinds.Of(action.Target.Kind));
        var now = await objects.GetAsync(kind, ns, action.Target.Name, cancellationToken);
        switch (type.Effect)
        {
            case ActionEffect.Create:
                var made = now ?? await objects.CreateAsync(kind, ns, Altered([], type, action, memory), dryRun: false, cancellationToken);
                // Somebody else's object of that name is no repair, and taking this one back must not delete it.
                if (ObjectDiff.Between(Wanted(type, action, memory), ObjectContent.Of(made)).Any(change => change.Before is not null))
                    throw new ActionRefusedException($"{action.Target.Kind} {action.Target.Name} was made by somebody else.");
                return step with { State = RemediationStepStates.Done, Uid = Uid(made), After = ObjectContent.Digest(made) };
            case ActionEffect.Delete:
                await objects.DeleteAsync(kind, ns, action.Target.Name, step.Uid!, dryRun: false, cancellationToken);
                return step with { State = RemediationStepStates.Done };
            case ActionEffect.Release:
                if (now is not null && Uid(now) == step.Uid)
                    await objects.ReplaceAsync(kind, ns, Altered(now, type, action, memory), dryRun: false, cancellationToken);
                return step with { State = RemediationStepStates.Done };
            default:
                if (now is not null && Uid(now) == step.Uid && ObjectContent.Digest(now) == step.After)
                    return step with { State = RemediationStepStates.Done };
                if (now is null || ObjectContent.Digest(now) != action.Precondition)
                    throw new ActionRefusedException($"{action.Target.Kind} {action.Target.Name} changed after its dry run.");
                var written = await objects.ReplaceAsync(kind, ns, Altered(now, type, action, memory), dryRun: false, cancellationToken);
                return step with { State = RemediationStepStates.Done, After = ObjectContent.Digest(written) };
        }
    }

    /// <summary>Takes back what was done.</summary>
    /// <exception cref="ActionRefusedException">Somebody changed the object since; it is left to them.</exception>
    /// <exception cref="KubeApiException">The server refuses it.</exception>
    public async Task<RemediationStep> UndoAsync(string ns, RemediationAction action, RemediationStep step, CancellationToken cancellationToken)
    {
        var (type, kind) = (ActionCatalogue.Find(action.Type)!, KnownKinds.Of(action.Target.Kind));
        var undone = step with { State = RemediationStepStates.Undone };
        // A deleted pod has long been replaced, what was let go is gone, and another restart takes none back.
        if (type.Effect is ActionEffect.Delete or ActionEffect.Release or ActionEffect.Restart)
            return undone;
        var now = await objects.GetAsync(kind, ns, action.Target.Name, cancellationToken);
        if (now is null && type.Effect == ActionEffect.Create)
            return undone;
        if (now is not null && ObjectContent.Digest(now) == action.Precondition)
            return undone;
        if (now is null || Uid(now) != step.Uid || ObjectContent.Digest(now) != step.After)
            throw new ActionRefusedException($"{action.Target.Kind} {action.Target.Name} was changed by somebody else since; it is left as it is.");
        if (type.Effect == ActionEffect.Create)
        {
            await objects.DeleteAsync(kind, ns, action.Target.Name, step.Uid!, dryRun: false, cancellationToken);
            return undone;
        }

        ObjectDiff.TakeBack(now, step.Changes ?? []);
        await objects.ReplaceAsync(kind, ns, now, dryRun: false, cancellationToken);
        return undone;
    }

    private static JsonObject Altered(JsonObject obj, HealingAction type, RemediationAction action, Baseline memory)
    {
        var copy = obj.DeepClone().AsObject();
        type.Apply(copy, action, memory);
        return copy;
    }

    private static JsonObject Wanted(HealingAction type, RemediationAction action, Baseline memory) => ObjectContent.Of(Altered([], type, action, memory));

    private static string Uid(JsonObject obj) => (string)obj["metadata"]!["uid"]!;
}
