using Ops.Contract.Tests;

// One server of each sort for the whole run: starting a control plane takes longer than all checks.
[assembly: AssemblyFixture(typeof(SandboxServer))]
[assembly: AssemblyFixture(typeof(RealServer))]
