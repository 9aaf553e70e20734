using k8s;
using k8s.KubeConfigModels;
using Ops.Images.Tests;
using Ops.Sandbox.Api;
using Ops.Testing;

[assembly: AssemblyFixture(typeof(ImageSet))]
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Ops.Images.Tests;

/// <summary>Every image, built once, and an API server with manifests/production applied for the processes to talk to.</summary>
public sealed class ImageSet : IAsyncLifetime
{
    // Every user may enter it, since the processes run as another one.
    private readonly string _folder = Directory.CreateTempSubdirectory("ops-images-").FullName;
    private readonly Dictionary<string, PublishedImage> _images = [];
    private ApiServer _server = null!;

    /// <summary>kubectl with all rights.</summary>
    public Kubectl Kubectl { get; private set; } = null!;

    /// <summary>Where the API server listens.</summary>
    public Uri ApiUrl => new(_server.Url);

    internal PublishedImage this[string project] => _images[project];

    /// <summary>A folder of the tests' own.</summary>
    public string Folder(string name) => Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        var cancellation = TestContext.Current.CancellationToken;
        File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        await using (var registry = await BaseImageRegistry.StartAsync(cancellation))
        {
            foreach (var project in Pods.ByProject.Keys)
                _images[project] = await PublishedImage.BuildAsync(Path.Combine(Repository.Root, project), registry, _folder, cancellation);
        }

        _server = await ApiServer.StartAsync(new(), cancellation);
        Kubectl = new(_server.KubeconfigFor(_server.AdminToken));
    }

    /// <summary>The files of a service account as a kubelet mounts them.</summary>
    public async Task<string> AccountAsync(string account, CancellationToken cancellation)
    {
        var folder = Folder("account-" + account);
        var token = _server.IssueServiceAccountToken("ops-system", account);
        var config = KubernetesYaml.Deserialize<K8SConfiguration>(_server.KubeconfigFor(token));
        await File.WriteAllTextAsync(Path.Combine(folder, "token"), token, cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "namespace"), "ops-system", cancellation);
        await File.WriteAllBytesAsync(Path.Combine(folder, "ca.crt"), Convert.FromBase64String(config.Clusters.Single().ClusterEndpoint.CertificateAuthorityData), cancellation);
        return folder;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Kubectl?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
