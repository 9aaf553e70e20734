using System.Net;
using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Admission;

/// <summary>
/// Gives each Service its cluster address and node ports. Taken ones are found by reading all Services inside the
/// writer's transaction, so that two Services never get the same: a sandbox has tens of them, not thousands.
/// </summary>
internal sealed class ServiceAddresses(IPNetwork range) : IAdmissionPlugin
{
    private const int FirstNodePort = 30000;

    private const int LastNodePort = 32767;

    public bool Applies(ServedResource resource) => resource.Storage == Known.Services;

    public void AfterDefaults(AdmissionContext context)
    {
        if (context.Document.Child("spec") is not { } spec || context.Options.Subresource == "status") return;
        var type = spec.Text("type") ?? "ClusterIP";
        if (type == "ExternalName") return;
        var others = context.Transaction.Snapshot.Of(Known.Services).Values
            .Where(s => s.Id != new ObjectId(context.Namespace, context.Name))
            .Select(s => s.Parse().Child("spec"))
            .OfType<JsonObject>()
            .ToList();
        GiveAddress(context, spec, others);
        if (type is "NodePort" or "LoadBalancer") GiveNodePorts(context, spec, others);
        else RemoveNodePorts(spec);
    }

    private void GiveAddress(AdmissionContext context, JsonObject spec, List<JsonObject> others)
    {
        var old = context.Old.Child("spec").Text("clusterIP");
        var asked = spec.Text("clusterIP");
        if (string.IsNullOrEmpty(asked) && !string.IsNullOrEmpty(old)) asked = old;
        if (!string.IsNullOrEmpty(old) && asked != old)
            throw Invalid(context, $"Invalid value: \"{asked}\": field is immutable", "spec.clusterIPs[0]");
        if (string.IsNullOrEmpty(asked)) asked = FirstFree([.. others.Select(o => o.Text("clusterIP") ?? "")]);
        else if (asked != "None" && old is null) CheckAsked(context, asked, others);
        spec["clusterIP"] = asked;
        spec["clusterIPs"] = new JsonArray(asked);
    }

    private void CheckAsked(AdmissionContext context, string asked, List<JsonObject> others)
    {
        if (!IPAddress.TryParse(asked, out var address) || !range.Contains(address))
            throw Invalid(context, $"Invalid value: \"{asked}\": failed to allocate IP {asked}: the provided IP is not in the valid range {range}", "spec.clusterIPs");
        if (others.Any(o => o.Text("clusterIP") == asked))
            throw Invalid(context, $"Invalid value: \"{asked}\": failed to allocate IP {asked}: provided IP is already allocated", "spec.clusterIPs");
    }

    private string FirstFree(HashSet<string> taken)
    {
        // The network's own address and the first ten after it stay free, as kube-apiserver keeps a low band for static use.
        var start = ToNumber(range.BaseAddress);
        var size = 1u << (32 - range.PrefixLength);
        for (var offset = 11u; offset < size - 1; offset++)
        {
            var candidate = ToAddress(start + offset).ToString();
            if (!taken.Contains(candidate)) return candidate;
        }

        throw Errors.Internal("failed to allocate a serviceIP: range is full");
    }

    private static void GiveNodePorts(AdmissionContext context, JsonObject spec, List<JsonObject> others)
    {
        var taken = others.SelectMany(o => o.Items("ports")).Select(p => p.Number("nodePort") ?? 0).Where(p => p != 0).ToHashSet();
        var oldPorts = context.Old.Child("spec").Items("ports").ToList();
        var ports = spec.Items("ports").ToList();
        for (var i = 0; i < ports.Count; i++)
        {
            var asked = ports[i].Number("nodePort") ?? 0;
            if (asked == 0) asked = oldPorts.FirstOrDefault(o => o.Number("port") == ports[i].Number("port"))?.Number("nodePort") ?? 0;
            if (asked != 0 && asked is < FirstNodePort or > LastNodePort)
                throw Invalid(context, $"Invalid value: {asked}: provided port is not in the valid range. The range of valid ports is {FirstNodePort}-{LastNodePort}", $"spec.ports[{i}].nodePort");
            if (asked != 0 && taken.Contains(asked))
                throw Invalid(context, $"Invalid value: {asked}: provided port is already allocated", $"spec.ports[{i}].nodePort");
            if (asked == 0) asked = Enumerable.Range(FirstNodePort + 200, LastNodePort - FirstNodePort - 199).Select(p => (long)p).First(p => !taken.Contains(p));
            taken.Add(asked);
            ports[i]["nodePort"] = asked;
        }
    }

    private static void RemoveNodePorts(JsonObject spec)
    {
        foreach (var port in spec.Items("ports")) port.Remove("nodePort");
    }

    private static ApiException Invalid(AdmissionContext context, string message, string field) =>
        Errors.Invalid("", "Service", context.Name, "FieldValueInvalid", message, field);

    private static uint ToNumber(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return ((uint)bytes[0] << 24) | ((uint)bytes[1] << 16) | ((uint)bytes[2] << 8) | bytes[3];
    }

    private static IPAddress ToAddress(uint number) =>
        new([(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number]);
}
