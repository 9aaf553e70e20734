using System.Diagnostics;

namespace Ops.Testing;

/// <summary>The stock kubectl with its own home, so that a user's caches and contexts stay untouched.</summary>
public sealed class Kubectl : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("ops-kubectl-").FullName;

    /// <summary>Writes the kubeconfig that every call uses.</summary>
    public Kubectl(string kubeconfig) => File.WriteAllText(Path.Combine(_home, "config"), kubeconfig);

    /// <summary>Why kubectl cannot be used here; null when it can.</summary>
    public static string? WhyMissing() =>
        Environment.GetEnvironmentVariable("PATH")?.Split(':').Any(folder => File.Exists(Path.Combine(folder, "kubectl"))) == true
            ? null
            : "kubectl is not on PATH; install the package kubernetes-client or kubectl";

    /// <summary>Runs it and returns everything that it said.</summary>
    public async Task<KubectlResult> RunAsync(IEnumerable<string> arguments, CancellationToken cancellation, string? input = null)
    {
        var start = new ProcessStartInfo("kubectl", arguments)
        {
            RedirectStandardInput = input is not null,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["HOME"] = _home, ["KUBECONFIG"] = Path.Combine(_home, "config") },
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("kubectl could not be started");
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }

        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new KubectlResult(process.ExitCode, await output, await error);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_home, recursive: true);
}

/// <summary>What one run of kubectl came to.</summary>
/// <param name="ExitCode">0 when it went well.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
public sealed record KubectlResult(int ExitCode, string Output, string Error)
{
    /// <summary>The result, or an exception that tells all of it.</summary>
    public KubectlResult OrThrow() => ExitCode == 0 ? this : throw new InvalidOperationException($"kubectl ended with {ExitCode}:\n{Error}{Output}");
}
