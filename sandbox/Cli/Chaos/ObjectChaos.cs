using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Ops.Sandbox.ShopPlan;

namespace Ops.Cli.Chaos;

/// <summary>
/// Faults of the shop's objects, made with kubectl as a person would. The object at fault is kept as it was, so that undo can
/// bring it back where nothing heals it.
/// </summary>
/// <param name="kubeconfig">Path of the administrator's kubeconfig.</param>
/// <param name="space">Namespace of the shop.</param>
/// <param name="folder">Where objects are kept between inject and undo.</param>
internal sealed class ObjectChaos(string kubeconfig, string space, string folder)
{
    // What the server fills in: an object is written back without it.
    private static readonly string[] ServerFields = ["resourceVersion", "uid", "creationTimestamp", "managedFields", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"];

    /// <summary>Prepares the shop for a fault and injects it.</summary>
    /// <exception cref="UserError">It is injected already, or kubectl refuses; the message has kubectl's words.</exception>
    public async Task InjectAsync(ObjectFault fault, CancellationToken cancellation)
    {
        if (File.Exists(FileOf(fault)))
            throw new UserError($"{fault.Name} is injected already; take it back with ./ops chaos undo {fault.Name}.");
        await RunAsync(fault.Given, cancellation);
        if (fault.Given.Count > 0)
            await RunAsync(["rollout", "status", "deployment", "--timeout=120s"], null, cancellation);
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(FileOf(fault), Cleaned(await RunAsync(["get", fault.Location!, "-o", "json"], null, cancellation)), cancellation);
        await RunAsync(fault.Inject, cancellation);
    }

    /// <summary>Brings the object at fault back as it was, and takes away what the fault brought.</summary>
    /// <exception cref="UserError">The fault was not injected here, or kubectl refuses.</exception>
    public async Task UndoAsync(ObjectFault fault, CancellationToken cancellation)
    {
        if (!File.Exists(FileOf(fault)))
            throw new UserError($"{fault.Name} was not injected here; ./ops chaos list shows the faults.");
        var before = await File.ReadAllTextAsync(FileOf(fault), cancellation);
        var exists = await RunAsync(["get", fault.Location!, "--ignore-not-found", "-o", "name"], null, cancellation);
        await RunAsync([exists.Length > 0 ? "replace" : "create", "-f", "-"], before, cancellation);
        // One that hangs in its deletion is gone once it is written without the finalizer.
        if (exists.Length > 0 && (await RunAsync(["get", fault.Location!, "--ignore-not-found", "-o", "name"], null, cancellation)).Length == 0)
            await RunAsync(["create", "-f", "-"], before, cancellation);
        await RunAsync(fault.After, cancellation);
        File.Delete(FileOf(fault));
    }

    /// <summary>An object as kubectl prints it, as it can be written again.</summary>
    public static string Cleaned(string json)
    {
        var obj = JsonNode.Parse(json)!.AsObject();
        obj.Remove("status");
        foreach (var field in ServerFields)
            obj["metadata"]!.AsObject().Remove(field);
        return obj.ToJsonString();
    }

    private string FileOf(ObjectFault fault) => Path.Combine(folder, $"{fault.Name}.json");

    private async Task RunAsync(IEnumerable<KubectlCommand> commands, CancellationToken cancellation)
    {
        foreach (var command in commands)
            await RunAsync(command.Arguments, command.Input, cancellation);
    }

    private async Task<string> RunAsync(IReadOnlyList<string> arguments, string? input, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("kubectl", ["--kubeconfig", kubeconfig, "-n", space, .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellation);
            process.StandardInput.Close();
            var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0 ? (await output).Trim() : throw new UserError($"kubectl {string.Join(' ', arguments.Take(3))}: {(await error).Trim()}");
        }
        catch (Win32Exception)
        {
            throw new UserError("kubectl is not on the PATH; faults of objects are made with it.");
        }
    }
}
