using System.Globalization;
using Ops.Cli.Terminal;

namespace Ops.Cli.Up;

/// <summary>Where a browser finds the dashboard, and a token to sign in with.</summary>
/// <param name="Url">Its address.</param>
/// <param name="Token">The administrator's token, the same as in the kubeconfig.</param>
internal sealed record DashboardLink(string Url, string Token);

/// <summary>What is printed once all is ready. The kubectl and curl lines work when pasted as they are, in any folder.</summary>
internal static class Welcome
{
    public static void Print(Screen screen, RunningInstance instance, DashboardLink? dashboard, string? model, TimeSpan elapsed)
    {
        foreach (var line in Lines(instance, dashboard, model, elapsed))
            screen.Line(line);
    }

    /// <summary>The lines.</summary>
    internal static IEnumerable<string> Lines(RunningInstance instance, DashboardLink? dashboard, string? model, TimeSpan elapsed)
    {
        yield return "";
        yield return string.Create(CultureInfo.InvariantCulture, $"Ready in {elapsed.TotalSeconds:0.0} s.");
        yield return "";
        yield return $"  kubeconfig  {instance.Kubeconfig}";
        yield return $"  router      {instance.RouterUrl}";
        yield return $"  key         {instance.RouterKey}";
        if (dashboard is not null)
        {
            yield return $"  dashboard   {dashboard.Url}";
            yield return $"  sign in     {dashboard.Token}";
        }

        yield return "";
        yield return "Look at it, or open the dashboard:";
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
