namespace Ops.RealCluster.Tests;

/// <summary>Custom resources as a user writes them.</summary>
internal static class Yaml
{
    /// <summary>A pool of simulated Llama 8B.</summary>
    public static string Pool(string name, int replicas = 1, string ns = "default") => $$"""
        apiVersion: ops.autonomic.dev/v1alpha1
        kind: ModelPool
        metadata: {name: {{name}}, namespace: {{ns}} }
        spec:
          model: meta-llama/Llama-3.1-8B-Instruct
          engine: {type: simulated}
          gpu: {product: NVIDIA-H100-80GB-HBM3, count: 1}
          replicas: {{replicas}}
        """;

    /// <summary>A route over one pool.</summary>
    public static string Route(string name, string pool, string ns = "default") => $$"""
        apiVersion: ops.autonomic.dev/v1alpha1
        kind: ModelRoute
        metadata: {name: {{name}}, namespace: {{ns}} }
        spec:
          model: {{name}}
          variants: [{pool: {{pool}}, quality: {default: 0.6} }]
        """;

    /// <summary>A store whose nodes never answer: the pods of these tests do not run.</summary>
    public static string Store(string name, int shards, string ns = "default") => $$"""
        apiVersion: ops.autonomic.dev/v1alpha1
        kind: ShardedStore
        metadata: {name: {{name}}, namespace: {{ns}} }
        spec: {engine: {type: redis}, shards: {{shards}}, replicasPerShard: 0}
        """;

    /// <summary>A budget over the pools that are labelled with its name: other tests leave pools of their own behind.</summary>
    public static string Budget(string name, int watts) => $$"""
        apiVersion: ops.autonomic.dev/v1alpha1
        kind: EnergyBudget
        metadata: {name: {{name}} }
        spec: {watts: {{watts}}, poolLabels: {budget: {{name}} } }
        """;

    /// <summary>
    /// A replica of a pool that runs outside the cluster. The API server takes no loopback address in an IPv4 slice, so
    /// the address stands as a name, which it also is.
    /// </summary>
    public static string Slice(string pool, string host, int port, string apiVersion, string ns = "default") => $$"""
        apiVersion: {{apiVersion}}
        kind: EndpointSlice
        metadata: {name: {{pool}}-outside, namespace: {{ns}}, labels: {kubernetes.io/service-name: {{pool}} } }
        addressType: FQDN
        ports: [{name: http, port: {{port}}, protocol: TCP}]
        endpoints: [{addresses: ["{{host}}"], conditions: {ready: true} }]
        """;
}
