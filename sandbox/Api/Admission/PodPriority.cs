using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Admission;

/// <summary>A pod's priority is the number of its class; of the default class, or 0, when it names none.</summary>
internal sealed class PodPriority : IAdmissionPlugin
{
    private const string DefaultPreemption = "PreemptLowerPriority";

    public bool Applies(ServedResource resource) => resource.Storage == Known.Pods;

    public void BeforeDefaults(AdmissionContext context)
    {
        if (!context.IsCreate || context.Document.Child("spec") is not { } spec) return;
        var given = spec.Text("priorityClassName");
        var found = string.IsNullOrEmpty(given) ? Default(context.Transaction) : Named(context, given);
        var (priority, policy) = (found?.Number("value") ?? 0, found?.Text("preemptionPolicy") ?? DefaultPreemption);
        if (spec.Number("priority") is { } wanted && wanted != priority)
            throw Refuse(context, $"the integer value of priority ({wanted}) must not be provided in pod spec; priority admission controller computed {priority} from the given PriorityClass name");
        if (spec.Text("preemptionPolicy") is { } asked && asked != policy)
            throw Refuse(context, $"the string value of PreemptionPolicy ({asked}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name");
        if (found is not null) spec["priorityClassName"] = found.Metadata().Text("name");
        spec["priority"] = priority;
        spec["preemptionPolicy"] = policy;
    }

    private static JsonObject Named(AdmissionContext context, string name) =>
        context.Transaction.Find(Known.PriorityClasses, new ObjectId("", name))?.Parse() ?? throw Refuse(context, $"no PriorityClass with name {name} was found");

    /// <summary>Of several default classes the least counts.</summary>
    private static JsonObject? Default(StoreTransaction transaction) => transaction.Snapshot.Of(Known.PriorityClasses).Values
        .Select(one => one.Parse()).Where(one => one["globalDefault"]?.GetValue<bool>() == true).MinBy(one => one.Number("value") ?? 0);

    private static ApiException Refuse(AdmissionContext context, string why) => Errors.Forbidden(Known.Pods, context.Name, why);
}
