using System.Globalization;
using Ops.Cli.Terminal;

namespace Ops.Cli.Up;

/// <summary>What is printed once all is ready. The kubectl and curl lines work when pasted as they are, in any folder.</summary>
internal static class Welcome
{
    public static void Print(Screen screen, RunningInstance instance, string? model, TimeSpan elapsed)
    {
        foreach (var line in Lines(instance, model, elapsed))
            screen.Line(line);
    }

    /// <summary>The lines.</summary>
    internal static IEnumerable<string> Lines(RunningInstance instance, string? model, TimeSpan elapsed)
    {
        yield return "";
        yield return string.Create(CultureInfo.InvariantCulture, $"Ready in {elapsed.TotalSeconds:0.0} s.");
        yield return "";
        yield return $"  kubeconfig  {instance.Kubeconfig}";
        yield return $"  router      {instance.RouterUrl}";
        yield return $"  key         {instance.RouterKey}";
        yield return "";
        yield return "Look at it:";
        yield return $"  kubectl --kubeconfig {Quote(instance.Kubeconfig)} get modelpools,modelroutes,pods -A";
        yield return "Ask it:";
        yield return model is null
            ? $"  curl -s {instance.RouterUrl}/v1/models -H 'Authorization: Bearer {instance.RouterKey}'"
            : $"  curl -s {instance.RouterUrl}/v1/chat/completions -H 'Authorization: Bearer {instance.RouterKey}' -H 'Content-Type: application/json' -d '{{\"model\":\"{model}\",\"max_tokens\":32,\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'";
        if (model is not null)
        {
            var state = Path.GetDirectoryName(instance.Kubeconfig)!;
            yield return "Load it, in another terminal:";
            yield return "  ./ops load --synthetic conv --for 30s" + (state == StateFolder.DefaultPath ? "" : $" --state {Quote(state)}");
        }

        yield return "Stop it: Ctrl-C here.";
    }

    // A path with a space or a quote must survive a paste.
    private static string Quote(string path) =>
        path.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '.' or '-' or '_') ? path : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
