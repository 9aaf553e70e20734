using k8s;
using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;
using Ops.Sandbox.Node.Workloads;

namespace Ops.SandboxNode.Tests;

/// <summary>One Deployment, its sets and pods, moved on by the planners and by pods that turn ready when chance says so.</summary>
internal sealed class PlannedCluster : IWriter
{
    private readonly Random random;
    private readonly List<V1Pod> pods = [];
    private readonly HashSet<string> broken = [];
    private DateTimeOffset now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long count;

    public PlannedCluster(int replicas, int surge, int down, Random random)
    {
        this.random = random;
        Deployment = Make.Deployment("web", replicas);
        Deployment.Metadata.Uid = "deployment";
        Deployment.Metadata.Generation = 1;
        Deployment.Spec.ProgressDeadlineSeconds = 600;
        Deployment.Spec.Strategy = new V1DeploymentStrategy
        {
            Type = "RollingUpdate",
            RollingUpdate = new V1RollingUpdateDeployment { MaxSurge = surge, MaxUnavailable = down },
        };
        Deployment.Spec.Template.Metadata.Annotations = new Dictionary<string, string> { ["version"] = "v1" };
    }

    public V1Deployment Deployment { get; private set; }

    public List<V1ReplicaSet> Sets { get; } = [];

    public Action AfterEachStep { get; set; } = () => { };

    public int Available => pods.Count(pod => Pods.IsActive(pod) && Pods.IsReady(pod));

    public int Living => pods.Count(Pods.IsActive);

    public void ChangeTemplate(string version, bool neverReady = false)
    {
        Deployment.Spec.Template.Metadata.Annotations = new Dictionary<string, string> { ["version"] = version };
        Deployment.Metadata.Generation++;
        if (neverReady)
            broken.Add(version);
    }

    public Plan Plan() => DeploymentPlanner.Make(Canonical.Copy(Deployment), Sets.Select(Canonical.Copy), pods, now);

    public void RunUntilComplete()
    {
        // Every step turns a pod ready with a chance of one half, so thousands of steps without an end are an error.
        for (var step = 0; step < 5000; step++)
        {
            Step();
            if (Deployment.Status?.Conditions?.Any(condition => condition.Reason == "NewReplicaSetAvailable") == true
                && Deployment.Status.UpdatedReplicas == Deployment.Spec.Replicas && Deployment.Status.Replicas == Deployment.Spec.Replicas && Plan().Writes.Count == 0)
                return;
        }
        throw new InvalidOperationException("the rollout does not end: " + KubernetesJson.Serialize(Deployment.Status));
    }

    /// <summary>One controller looks, then a random pod may turn ready and deleted pods go.</summary>
    public void Step()
    {
        now = now.AddSeconds(1);
        if (random.Next(2) == 0)
        {
            Execute(Plan());
        }
        else
        {
            // One set at a time: the others' statuses grow old meanwhile, as they do behind a queue.
            if (Sets.Count > 0)
                Execute(ReplicaSetPlanner.Make(Canonical.Copy(Sets[random.Next(Sets.Count)]), pods.ToList(), now));
        }
        var waiting = pods.Where(pod => Pods.IsActive(pod) && !Pods.IsReady(pod) && !broken.Contains(pod.Metadata.Annotations["version"])).ToList();
        if (waiting.Count > 0 && random.Next(2) == 0)
            waiting[random.Next(waiting.Count)].Status = new V1PodStatus { Phase = "Running", Conditions = [new V1PodCondition { Type = "Ready", Status = "True", LastTransitionTime = now.UtcDateTime }] };
        pods.RemoveAll(Pods.IsTerminating);
        AfterEachStep();
    }

    public T Create<T>(T thing) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        thing.Metadata.Uid = $"uid-{++count}";
        thing.Metadata.Name ??= $"{thing.Metadata.GenerateName}{count}";
        thing.Metadata.CreationTimestamp = now.UtcDateTime.AddTicks(count);
        thing.Metadata.Generation = 1;
        if (thing is V1Pod pod)
            pods.Add(pod);
        else if (thing is V1ReplicaSet set)
            Sets.Add(set);
        return thing;
    }

    public T Update<T>(T thing) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (thing is V1ReplicaSet set)
        {
            set.Metadata.Generation++;
            Sets[Sets.FindIndex(one => one.Metadata.Uid == set.Metadata.Uid)] = set;
        }
        else if (thing is V1Deployment deployment)
        {
            Deployment = deployment;
        }
        return thing;
    }

    public T UpdateStatus<T>(T thing) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (thing is V1ReplicaSet set)
            Sets.Single(one => one.Metadata.Uid == set.Metadata.Uid).Status = set.Status;
        else if (thing is V1Deployment deployment)
            (Deployment.Status, Deployment.Metadata.Annotations) = (deployment.Status, deployment.Metadata.Annotations);
        return thing;
    }

    public void Delete<T>(T thing) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (thing is V1ReplicaSet set)
            Sets.RemoveAll(one => one.Metadata.Uid == set.Metadata.Uid);
        else
            pods.Single(pod => pod.Metadata.Uid == thing.Metadata.Uid).Metadata.DeletionTimestamp = now.UtcDateTime;
    }

    private void Execute(Plan plan)
    {
        foreach (var write in plan.Writes)
            write.Execute(this);
    }
}
