using System.Globalization;
using System.Net;
using k8s.Models;

namespace Ops.KubeFuzz.Tests;

/// <summary>Random changes of the world, made past the faults: sources come, change, go and lose their label; copies are vandalised.</summary>
internal sealed class Workload(KubeClient direct, string ns, int seed, FaultLine line, Action compact)
{
    private const int Names = 16;
    private readonly Random random = new(seed);
    private int sequence;

    public async Task FillAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < Names; i += 2)
            await CreateAsync(Name(i), cancellationToken);
    }

    public async Task RunAsync(int steps, CancellationToken cancellationToken)
    {
        var gaps = new HashSet<int> { random.Next(steps / 4, steps / 2), random.Next(steps / 2, steps) };
        for (var step = 0; step < steps; step++)
        {
            if (gaps.Contains(step))
                await GapAsync(cancellationToken);
            await ChangeAsync(cancellationToken);
            // Bursts fill the stream, pauses let the client catch up.
            if (random.Next(3) == 0)
                await Task.Delay(random.Next(1, 40), cancellationToken);
        }
    }

    /// <summary>One last source; whoever has seen it has seen all before it.</summary>
    public Task MarkEndAsync(CancellationToken cancellationToken) => CreateAsync("the-end", cancellationToken);

    // The client cannot reach the server; meanwhile sources are deleted, and mostly the history of that is thrown away.
    private async Task GapAsync(CancellationToken cancellationToken)
    {
        line.Close();
        var sources = await direct.ListAsync<V1ConfigMap>(ns, MirrorReconciler.Selector, cancellationToken: cancellationToken);
        foreach (var source in sources.Take(2))
            await DeleteAsync<V1ConfigMap>(source.Metadata.Name, cancellationToken);
        for (var i = 0; i < 3; i++)
            await ChangeAsync(cancellationToken);
        if (random.Next(4) != 0)
            compact();
        line.Open();
    }

    private async Task ChangeAsync(CancellationToken cancellationToken)
    {
        var name = Name(random.Next(Names));
        switch (random.Next(10))
        {
            case < 3:
                await CreateAsync(name, cancellationToken);
                break;
            case < 6:
                await EditAsync<V1ConfigMap>(name, map => map.Data = Value(), cancellationToken);
                break;
            case 6:
                await EditAsync<V1ConfigMap>(name, map => map.Metadata.Labels["role"] = map.Metadata.Labels["role"] == "source" ? "retired" : "source", cancellationToken);
                break;
            case 7:
                await DeleteAsync<V1ConfigMap>(name, cancellationToken);
                break;
            case 8:
                await EditAsync<V1Secret>(name, secret => secret.Data["value"] = [(byte)random.Next(256)], cancellationToken);
                break;
            default:
                await DeleteAsync<V1Secret>(name, cancellationToken);
                break;
        }
    }

    private async Task CreateAsync(string name, CancellationToken cancellationToken)
    {
        var map = new V1ConfigMap
        {
            ApiVersion = "v1",
            Kind = "ConfigMap",
            Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = ns, Labels = new Dictionary<string, string> { ["role"] = "source" } },
            Data = Value(),
        };
        await IgnoreAsync(HttpStatusCode.Conflict, () => direct.CreateAsync(map, cancellationToken));
    }

    private async Task EditAsync<T>(string name, Action<T> edit, CancellationToken cancellationToken)
        where T : class, k8s.IKubernetesObject<V1ObjectMeta>
    {
        if (await direct.GetAsync<T>(ns, name, cancellationToken) is not { } obj)
            return;
        edit(obj);
        // The loop writes the same Secrets; losing that race is part of the game.
        await IgnoreAsync(HttpStatusCode.Conflict, () => IgnoreAsync(HttpStatusCode.NotFound, () => direct.ReplaceAsync(obj, cancellationToken)));
    }

    private Task DeleteAsync<T>(string name, CancellationToken cancellationToken)
        where T : class, k8s.IKubernetesObject<V1ObjectMeta> =>
        IgnoreAsync(HttpStatusCode.NotFound, () => direct.SendForBytesAsync(HttpMethod.Delete, ResourceOf<T>.Object(ns, name), null, cancellationToken));

    private static async Task IgnoreAsync(HttpStatusCode expected, Func<Task> change)
    {
        try
        {
            await change();
        }
        catch (KubeApiException e) when (e.StatusCode == expected)
        {
            // Somebody else was faster; the world is as random as before.
        }
    }

    private Dictionary<string, string> Value() => new() { ["value"] = (++sequence).ToString(CultureInfo.InvariantCulture) };

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"s{number}");
}
