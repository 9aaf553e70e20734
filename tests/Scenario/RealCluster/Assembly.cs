using Ops.RealCluster.Tests;

// One control plane for all: it takes seconds to start and a fifth of a gigabyte to run. The tests take turns because
// each starts operators that compete for the same lease.
[assembly: AssemblyFixture(typeof(RealCluster))]
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
