using Microsoft.Playwright;
using Ops.Testing;

namespace Ops.Browser;

/// <summary>Debian's chromium, driven by Playwright.</summary>
internal static class Chromium
{
    private const string Script = "tests/Browser/get-chromium.sh";

    private static readonly string[] Flags =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
        // Fifty pages side by side share few processes.
        "--renderer-process-limit=3",
    ];

    /// <summary>The accessibility checks, or null where they were not fetched.</summary>
    public static string? Axe => File.Exists(AxeFile) ? File.ReadAllText(AxeFile) : null;

    private static string AxeFile => Path.Combine(SetupScript.Cache("axe"), "axe.min.js");

    private static string? Program => SetupScript.Find("chromium", SetupScript.Cache("chromium"));

    /// <summary>Why there is no browser, with the way to get one; null when there is. In CI it is fetched when missing.</summary>
    public static async Task<string?> MissingAsync(CancellationToken cancellation)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true" && (Program is null || Axe is null))
            await SetupScript.RunAsync(Path.Combine(Repository.Root, Script), Console.WriteLine, cancellation);
        return Program is null ? $"chromium not found; run {Script} (Debian, root), or put chromium on PATH"
            : Axe is null ? $"axe-core not found; run {Script}" : null;
    }

    /// <summary>Starts it.</summary>
    public static Task<IBrowser> LaunchAsync(IPlaywright playwright) =>
        playwright.Chromium.LaunchAsync(new() { ExecutablePath = Program, Args = Flags });
}
