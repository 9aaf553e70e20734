using Ops.Testing;

namespace Ops.Contract.Tests;

/// <summary>The stock kubectl against a server; skips the check where there is none.</summary>
internal sealed class Kube : IDisposable
{
    private readonly Kubectl _kubectl;

    public Kube(IServer server)
    {
        if (Kubectl.WhyMissing() is { } why)
            Assert.Skip(why);
        _kubectl = new Kubectl(server.KubeconfigFor(server.AdminToken));
    }

    /// <summary>Runs a command that must succeed; returns its output without the last newline.</summary>
    public async Task<string> Run(params string[] arguments) => (await Try(null, arguments)).OrThrow().Output.TrimEnd();

    /// <summary>Runs a command with text on its standard input that must succeed.</summary>
    public async Task<string> RunWith(string input, params string[] arguments) => (await Try(input, arguments)).OrThrow().Output.TrimEnd();

    /// <summary>Runs a command that may fail.</summary>
    public Task<KubectlResult> Try(string? input, params string[] arguments) =>
        _kubectl.RunAsync(arguments, TestContext.Current.CancellationToken, input);

    public void Dispose() => _kubectl.Dispose();
}
