using k8s.Models;
using Ops.Api;
using Ops.Planning.Pools.Engines;
using Names = Ops.Api.Labels;

namespace Ops.Planning.Pools;

/// <summary>The pod template that a pool gets before its own overlay.</summary>
internal static class PoolPod
{
    private const string ScratchVolume = "scratch";
    private const string ScratchPath = "/scratch";
    private const string SharedMemoryVolume = "shared-memory";

    // Any user but root will do; this one exists in no image, so a file mode cannot favour it by accident.
    private const long UserId = 65_532;

    public static Dictionary<string, string> Labels(ModelPool pool) => new()
    {
        [Names.Pool] = pool.Metadata.Name,
        [Names.ManagedBy] = Names.ManagedByOps,
        [Names.Component] = Names.ModelServer,
    };

    public static V1PodTemplateSpec Template(ModelPool pool, CoResidence shared)
    {
        var spec = pool.Spec;
        var engine = EngineCommand.For(spec, shared);
        return new()
        {
            Metadata = new() { Labels = Labels(pool) },
            Spec = new()
            {
                Containers = [Container(spec, engine)],
                NodeSelector = new Dictionary<string, string> { [Names.GpuProduct] = spec.Gpu.Product },
                // GPU nodes are usually tainted so that nothing else lands on them.
                Tolerations = [new() { Key = WellKnown.GpuResource, OperatorProperty = "Exists", Effect = "NoSchedule" }],
                SecurityContext = new()
                {
                    RunAsNonRoot = true,
                    RunAsUser = UserId,
                    FsGroup = engine.NeedsScratch ? UserId : null,
                    SeccompProfile = new() { Type = "RuntimeDefault" },
                },
                AutomountServiceAccountToken = false,
                // Longer than most answers, so that a stream that has begun can end.
                TerminationGracePeriodSeconds = 60,
                Volumes = engine.NeedsScratch ? Volumes() : null,
            },
        };
    }

    private static V1Container Container(ModelPoolSpec spec, EngineCommand engine)
    {
        var gpus = new ResourceQuantity($"{spec.Gpu.EffectiveCount}");
        return new()
        {
            Name = WellKnown.EngineContainer,
            Image = spec.Engine.EffectiveImage,
            Command = engine.Command?.ToList(),
            Args = [.. engine.Args, .. spec.Engine.Args ?? []],
            Env = Environment(spec, engine),
            Ports = [new() { Name = WellKnown.HttpPortName, ContainerPort = spec.Engine.EffectivePort, Protocol = "TCP" }],
            // Kubernetes wants requests of extended resources to equal their limits.
            Resources = new()
            {
                Limits = new Dictionary<string, ResourceQuantity> { [WellKnown.GpuResource] = gpus },
                Requests = new Dictionary<string, ResourceQuantity> { [WellKnown.GpuResource] = gpus },
            },
            StartupProbe = Health(engine.ProbePeriod, (int)(engine.StartupLimit / engine.ProbePeriod)),
            ReadinessProbe = Health(engine.ProbePeriod, 3),
            // Patient: a restart costs minutes of loading, so only a server that is surely dead gets one.
            LivenessProbe = Health(TimeSpan.FromSeconds(10), 6),
            SecurityContext = new()
            {
                AllowPrivilegeEscalation = false,
                Capabilities = new() { Drop = ["ALL"] },
                ReadOnlyRootFilesystem = engine.NeedsScratch ? null : true,
            },
            // The last lines of the log then stand in the pod's status, and the pool's Degraded condition shows them.
            TerminationMessagePolicy = "FallbackToLogsOnError",
            VolumeMounts = engine.NeedsScratch
                ?
                [
                    new() { Name = ScratchVolume, MountPath = ScratchPath },
                    new() { Name = SharedMemoryVolume, MountPath = "/dev/shm" },
                ]
                : null,
        };
    }

    private static List<V1EnvVar> Environment(ModelPoolSpec spec, EngineCommand engine)
    {
        List<V1EnvVar> result =
        [
            new() { Name = "POD_IP", ValueFrom = new() { FieldRef = new() { FieldPath = "status.podIP" } } },
        ];
        if (engine.NeedsScratch)
        {
            // Without a home and a user name, caches of Hugging Face, Triton and PyTorch have nowhere to go.
            result.Add(new() { Name = "HOME", Value = ScratchPath });
            result.Add(new() { Name = "USER", Value = "engine" });
            result.Add(new() { Name = "HF_HOME", Value = ScratchPath + "/huggingface" });
        }

        result.AddRange(engine.Environment.Select(variable => new V1EnvVar { Name = variable.Key, Value = variable.Value }));
        // A variable of the same name replaces the generated one, except the address that the arguments need.
        foreach (var variable in spec.Engine.Env ?? [])
        {
            if (variable.Name == "POD_IP")
                continue;
            result.RemoveAll(generated => generated.Name == variable.Name);
            result.Add(variable);
        }

        return result;
    }

    private static V1Probe Health(TimeSpan period, int failures) => new()
    {
        HttpGet = new() { Path = "/health", Port = WellKnown.HttpPortName },
        PeriodSeconds = (int)period.TotalSeconds,
        TimeoutSeconds = 5,
        FailureThreshold = failures,
    };

    private static List<V1Volume> Volumes() =>
    [
        new() { Name = ScratchVolume, EmptyDir = new() },
        // Tensor parallel workers exchange data through shared memory; the runtime's default of 64 MB is too small.
        new() { Name = SharedMemoryVolume, EmptyDir = new() { Medium = "Memory", SizeLimit = new("8Gi") } },
    ];
}
