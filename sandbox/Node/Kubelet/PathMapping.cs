namespace Ops.Sandbox.Node.Kubelet;

/// <summary>
/// Stands in for mounts: a process of this machine cannot have its own /etc/config, so wherever a container's command,
/// arguments or environment name a mounted path, the real folder is put in its place.
/// </summary>
internal sealed class PathMapping(IReadOnlyList<(string MountPath, string Folder)> mounts)
{
    // The longest path first, so that a mount inside a mount wins.
    private readonly List<(string MountPath, string Folder)> ordered =
        [.. mounts.Select(mount => (mount.MountPath.TrimEnd('/'), mount.Folder)).Where(mount => mount.Item1.Length > 0).OrderByDescending(mount => mount.Item1.Length)];

    public string Apply(string text)
    {
        foreach (var (mount, folder) in ordered)
        {
            for (var at = text.IndexOf(mount, StringComparison.Ordinal); at >= 0;)
            {
                var end = at + mount.Length;
                if (StartsPath(text, at) && EndsPath(text, end))
                {
                    text = string.Concat(text.AsSpan(0, at), folder, text.AsSpan(end));
                    end = at + folder.Length;
                }
                at = end < text.Length ? text.IndexOf(mount, end, StringComparison.Ordinal) : -1;
            }
        }
        return text;
    }

    // "--config=/etc/ops/a.yaml", "/etc/ops:/lib", "cat /etc/ops/x": a path begins after what cannot be part of one.
    private static bool StartsPath(string text, int at) => at == 0 || text[at - 1] is '=' or ':' or ',' or ' ' or '"' or '\'' or '\n' or '\t' or '(' or '@' or ';' or '<' or '>';

    private static bool EndsPath(string text, int end) => end == text.Length || text[end] is '/' or ':' or ',' or ' ' or '"' or '\'' or '\n' or '\t' or ')' or ';';
}
