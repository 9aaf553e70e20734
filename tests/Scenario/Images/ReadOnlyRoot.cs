using System.Diagnostics;
using Ops.Testing;

namespace Ops.Images.Tests;

/// <summary>
/// Runs a command as a pod under the restricted profile would: a user that is not root and has no privileges to gain, and
/// no place to write at all. A mount namespace of its own makes every mount of this machine read-only for it, and puts
/// the service account's files where a kubelet puts them.
/// </summary>
internal static class ReadOnlyRoot
{
    // 97: something could be written to after all. Which, stands in the output.
    private const string Script = """
        set -e
        account=$1; user=$2; shift 2
        while read -r _ mount _; do mount -o remount,bind,ro "$mount" 2>/dev/null || true; done < /proc/self/mounts
        mount -t tmpfs tmpfs /run
        if [ -n "$account" ]; then
          mkdir -p /run/secrets/kubernetes.io
          cp -r "$account" /run/secrets/kubernetes.io/serviceaccount
          chmod -R a+rX /run/secrets
        fi
        mount -o remount,ro /run
        cd /
        exec setpriv --reuid="$user" --regid="$user" --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all sh -c '
          for folder in / /tmp /var/tmp /dev/shm /run "$HOME"; do
            if [ -n "$folder" ] && touch "$folder/ops-write-probe" 2>/dev/null; then echo "writable: $folder"; rm -f "$folder/ops-write-probe"; exit 97; fi
          done
          exec "$@"' sh "$@"
        """;

    /// <summary>The program and arguments that run a command this way; the process keeps its id.</summary>
    /// <param name="account">Folder with token, ca.crt and namespace of a service account, or empty.</param>
    /// <param name="user">User and group id.</param>
    /// <param name="environment">The command's whole environment, as NAME=value.</param>
    /// <param name="command">Program and arguments.</param>
    public static (string File, IReadOnlyList<string> Arguments) Command(string account, string user, IEnumerable<string> environment, IEnumerable<string> command) =>
        ("unshare", ["--mount", "sh", "-c", Script, "sh", account, user, "env", "-i", .. environment, .. command]);

    /// <summary>Why nothing can be run this way here; null when it can.</summary>
    public static async Task<string?> WhyNotAsync(string dotnet, CancellationToken cancellation)
    {
        var (file, arguments) = Command("", "65532", [], [dotnet, "--list-runtimes"]);
        try
        {
            using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0
                ? null
                : $"another user without a writable file system needs root, unshare, setpriv and a dotnet that every user may read: {await output}{await error}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"unshare (util-linux) is needed: {e.Message}";
        }
    }

    /// <summary>The runtime's own file behind the command dotnet.</summary>
    public static string Dotnet { get; } = Find();

    private static string Find()
    {
        var found = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, "dotnet")).First(File.Exists);
        return File.ResolveLinkTarget(found, returnFinalTarget: true)?.FullName ?? found;
    }
}
