namespace Ops.OperatorScenario;

/// <summary>Objects of the tests, as users write them.</summary>
internal static class Manifests
{
    public static string Pool(string name, int replicas = 1, string product = Products.H100, string more = "", string model = "meta-llama/Llama-3.1-8B-Instruct") => $"""
        apiVersion: ops.autonomic.dev/v1alpha1
        kind: ModelPool
        metadata:
          name: {name}
        spec:
          model: {model}
          engine:
            type: simulated
          gpu:
            product: {product}
          replicas: {replicas}
        {more}
        """;

    /// <summary>A budget over pools with the label budget=NAME, those with tier=gold first.</summary>
    public static string Budget(string name, int watts) => $$"""
        apiVersion: ops.autonomic.dev/v1alpha1
        kind: EnergyBudget
        metadata:
          name: {{name}}
        spec:
          watts: {{watts}}
          poolLabels: {budget: {{name}}}
          priorities:
          - poolLabels: {tier: gold}
            priority: 10
        """;

    public static string Route(string name, params string[] pools) => $"""
        apiVersion: ops.autonomic.dev/v1alpha1
        kind: ModelRoute
        metadata:
          name: {name}
        spec:
          variants:
        {string.Join('\n', pools.Select(pool => $"  - {{pool: {pool}, quality: {{default: 0.7}}}}"))}
        """;
}
