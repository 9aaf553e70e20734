using System.Text;
using k8s.Models;
using Ops.Sandbox.Node.Scheduling;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>What an environment may refer to.</summary>
internal sealed record EnvironmentSources(
    Func<string, V1ConfigMap?> ConfigMap, Func<string, V1Secret?> Secret, IReadOnlyList<V1Service> Services, string PodIP, string HostIP, V1Node? Node);

/// <summary>The environment of a container: service links, envFrom, env, with $(NAME) replaced by what came before.</summary>
internal static class ContainerEnvironment
{
    /// <exception cref="ContainerConfigException">A ConfigMap, Secret, key or field that is not there.</exception>
    public static Dictionary<string, string> Build(V1Pod pod, V1Container container, EnvironmentSources sources)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        if (pod.Spec.EnableServiceLinks != false)
            AddServices(environment, sources.Services);
        foreach (var from in container.EnvFrom ?? [])
            AddAll(environment, from, pod, sources);
        foreach (var variable in container.Env ?? [])
        {
            var value = variable.ValueFrom is null ? Expand(variable.Value ?? string.Empty, environment) : ValueFrom(variable.ValueFrom, pod, container, sources);
            if (value is not null)
                environment[variable.Name] = value;
        }
        return environment;
    }

    /// <summary>$(NAME) becomes its value, $$(NAME) stays as $(NAME), an unknown name stays as it is.</summary>
    public static string Expand(string text, IReadOnlyDictionary<string, string> environment)
    {
        var result = new StringBuilder(text.Length);
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] != '$' || index + 1 == text.Length)
            {
                result.Append(text[index]);
                continue;
            }
            var close = text[index + 1] == '(' ? text.IndexOf(')', index + 2) : -1;
            if (text[index + 1] == '$')
            {
                result.Append('$');
                index++;
            }
            else if (close >= 0)
            {
                var name = text[(index + 2)..close];
                result.Append(environment.TryGetValue(name, out var value) ? value : $"$({name})");
                index = close;
            }
            else
            {
                result.Append('$');
            }
        }
        return result.ToString();
    }

    private static void AddServices(Dictionary<string, string> environment, IReadOnlyList<V1Service> services)
    {
        foreach (var service in services.Where(service => service.Spec.ClusterIP is { Length: > 0 } and not "None" && service.Spec.Ports is { Count: > 0 }))
        {
            var prefix = service.Metadata.Name.ToUpperInvariant().Replace('-', '_');
            environment[$"{prefix}_SERVICE_HOST"] = service.Spec.ClusterIP;
            environment[$"{prefix}_SERVICE_PORT"] = service.Spec.Ports[0].Port.ToString();
            foreach (var port in service.Spec.Ports.Where(port => !string.IsNullOrEmpty(port.Name)))
                environment[$"{prefix}_SERVICE_PORT_{port.Name.ToUpperInvariant().Replace('-', '_')}"] = port.Port.ToString();
        }
    }

    private static void AddAll(Dictionary<string, string> environment, V1EnvFromSource from, V1Pod pod, EnvironmentSources sources)
    {
        if (from.ConfigMapRef is { } configMap)
        {
            var found = sources.ConfigMap(configMap.Name);
            if (found is null && configMap.Optional != true)
                throw new ContainerConfigException($"configmap \"{configMap.Name}\" not found");
            foreach (var (key, value) in found?.Data ?? new Dictionary<string, string>())
                environment[from.Prefix + key] = value;
        }
        if (from.SecretRef is { } secret)
        {
            var found = sources.Secret(secret.Name);
            if (found is null && secret.Optional != true)
                throw new ContainerConfigException($"secret \"{secret.Name}\" not found");
            foreach (var (key, value) in found?.Data ?? new Dictionary<string, byte[]>())
                environment[from.Prefix + key] = Encoding.UTF8.GetString(value);
        }
    }

    private static string? ValueFrom(V1EnvVarSource source, V1Pod pod, V1Container container, EnvironmentSources sources)
    {
        var @namespace = pod.Metadata.NamespaceProperty;
        if (source.ConfigMapKeyRef is { } config)
        {
            var found = sources.ConfigMap(config.Name);
            if (found?.Data is { } data && data.TryGetValue(config.Key, out var value))
                return value;
            if (config.Optional == true)
                return null;
            throw new ContainerConfigException(found is null ? $"configmap \"{config.Name}\" not found" : $"couldn't find key {config.Key} in ConfigMap {@namespace}/{config.Name}");
        }
        if (source.SecretKeyRef is { } secret)
        {
            var found = sources.Secret(secret.Name);
            if (found?.Data is { } data && data.TryGetValue(secret.Key, out var value))
                return Encoding.UTF8.GetString(value);
            if (secret.Optional == true)
                return null;
            throw new ContainerConfigException(found is null ? $"secret \"{secret.Name}\" not found" : $"couldn't find key {secret.Key} in Secret {@namespace}/{secret.Name}");
        }
        if (source.FieldRef is { } field)
            return DownwardApi.Field(field.FieldPath, pod, sources.PodIP, sources.HostIP);
        if (source.ResourceFieldRef is { } resource)
            return DownwardApi.Resource(resource, pod, container, sources.Node);
        throw new ContainerConfigException("an environment source of a kind that the sandbox does not know");
    }
}
