namespace Ops.Sandbox.Node.Kubelet;

/// <summary>A container cannot be made as its pod describes it: CreateContainerConfigError.</summary>
internal sealed class ContainerConfigException(string message) : Exception(message);
