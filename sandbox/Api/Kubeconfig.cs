namespace Ops.Sandbox.Api;

/// <summary>Writes kubeconfig files.</summary>
internal static class Kubeconfig
{
    public static string Write(string url, string authorityData, string token, string user) =>
        $"""
        apiVersion: v1
        kind: Config
        clusters:
        - name: sandbox
          cluster:
            server: {url}
            certificate-authority-data: {authorityData}
        users:
        - name: {user}
          user:
            token: {token}
        contexts:
        - name: sandbox
          context:
            cluster: sandbox
            user: {user}
        current-context: sandbox

        """;
}
