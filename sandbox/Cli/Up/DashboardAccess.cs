using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Ops.Cli.Kustomize;

namespace Ops.Cli.Up;

/// <summary>The dashboard as a browser on this machine reaches it.</summary>
internal static class DashboardAccess
{
    private const string Name = "dashboard";
    private const string SecretName = "dashboard-session";

    // The first port that is tried; the router's is one below it.
    private const int FirstPort = 30081;
    private const int LastPort = 32767;

    /// <summary>
    /// Gives the Service a node port, as kubectl port-forward would give it a local one: the wanted port, or the first free
    /// one where none is wanted. On a cluster the Service stays inside.
    /// </summary>
    /// <returns>The port; null when the manifests have no dashboard.</returns>
    public static int? Expose(IReadOnlyList<Manifest> manifests, int? wanted)
    {
        if (manifests.FirstOrDefault(manifest => manifest is { Kind: "Service", Name: Name })?.Body["spec"] is not JsonObject spec)
            return null;
        var taken = manifests.SelectMany(RouterAccess.NodePorts).ToHashSet();
        var port = wanted ?? Enumerable.Range(FirstPort, LastPort - FirstPort + 1).First(candidate => !taken.Contains(candidate) && IsFree(candidate));
        spec["type"] = "NodePort";
        spec["ports"]![0]!["nodePort"] = port;
        return port;
    }

    /// <summary>Makes the key of sessions where there is none, so that a restart signs nobody out.</summary>
    public static async Task EnsureSessionKeyAsync(ClusterClient cluster, string space, CancellationToken cancellation)
    {
        var collection = $"/api/v1/namespaces/{space}/secrets";
        if (await cluster.GetAsync($"{collection}/{SecretName}", cancellation) is not null)
            return;
        await cluster.CreateAsync(collection, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new JsonObject { ["name"] = SecretName },
            ["type"] = "Opaque",
            ["stringData"] = new JsonObject { ["key"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)) },
        }, cancellation);
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
