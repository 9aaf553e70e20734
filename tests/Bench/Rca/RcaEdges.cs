using Ops.Rca;

namespace Ops.Bench.Rca;

/// <summary>How well influences are found in simulated systems whose influences are known, by each test of temporal order.</summary>
internal static class RcaEdges
{
    /// <summary>Mean area under the ROC curve over sizes and seeds, for straight and for bent influences.</summary>
    public static void Measure(BenchContext context, CancellationToken cancellation)
    {
        int[] sizes = context.Quick ? [10, 20] : [10, 20, 50, 100];
        var seeds = context.Quick ? 2 : 5;
        foreach (var nonLinear in new[] { false, true })
            foreach (var test in new IEdgeTest[] { new NeuralGranger(), new LinearGranger(), new PublishedNeuralGranger() })
            {
                var areas = new List<double>();
                // The published idea costs services^2 networks a system: it is measured on the small ones.
                foreach (var services in sizes.Where(size => test is not PublishedNeuralGranger || size <= 20))
                    for (var seed = 0; seed < seeds; seed++)
                    {
                        cancellation.ThrowIfCancellationRequested();
                        areas.Add(SyntheticSystem.Create(new SyntheticOptions { Services = services, NonLinear = nonLinear }, seed).EdgeRecovery(test));
                    }

                var key = $"synthetic_edge_auroc{(nonLinear ? "" : "_straight")}{(test is NeuralGranger ? "" : "_" + test.Name)}";
                context.Figures.Add(key, areas.Average(), "", $"{test.Name}: edges of {areas.Count} simulated systems with {(nonLinear ? "bent" : "straight")} influences and confounders");
                context.Say($"{key}: {areas.Average():0.000}");
            }
    }
}
