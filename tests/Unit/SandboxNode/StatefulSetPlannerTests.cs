using CsCheck;
using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;
using Ops.Sandbox.Node.Workloads;

namespace Ops.SandboxNode.Tests;

/// <summary>Numbered pods over random sizes, updates, failures and readiness, with the planner alone.</summary>
public sealed class StatefulSetPlannerTests
{
    [Fact]
    public void Ordered_sets_never_start_above_an_unready_pod_nor_have_two_pods_leaving() =>
        Gen.Select(Gen.Int[1, 6], Gen.Int[0, 6], Gen.Int[0, 3], Gen.Int[0, int.MaxValue]).Sample(
            (first, second, partition, seed) =>
            {
                var world = new PlannedStatefulSet(first, new Random(seed));
                world.BeforeCreate = ordinal => Enumerable.Range(0, ordinal).ShouldAllBe(below => world.IsReady(below));
                world.RunUntil(() => world.Ready == first);
                world.Set.Spec.Replicas = second;
                world.Set.Spec.UpdateStrategy.RollingUpdate.Partition = partition;
                world.ChangeTemplate("v2");
                world.AfterStep = () => world.Leaving.ShouldBeLessThanOrEqualTo(1);
                world.RunUntil(() => world.Ready == second && world.Living == second && world.Plan().Writes.Count == 0);

                for (var ordinal = 0; ordinal < second; ordinal++)
                {
                    // Below the partition stays what was there; above it, and what is newly made above it, is new.
                    var expected = ordinal >= partition ? world.Set.Status.UpdateRevision : world.Set.Status.CurrentRevision;
                    world.RevisionOf(ordinal).ShouldBe(expected);
                }
            },
            iter: 100, threads: 1);

    [Fact]
    public void A_parallel_set_starts_all_at_once()
    {
        var world = new PlannedStatefulSet(5, new Random(1)) { Set = { Spec = { PodManagementPolicy = "Parallel" } } };
        world.Execute(world.Plan());
        world.Execute(world.Plan());

        world.Living.ShouldBe(5);
    }

    [Fact]
    public void An_undone_template_gets_its_old_revision_back_under_a_new_number()
    {
        var world = new PlannedStatefulSet(2, new Random(2));
        world.RunUntil(() => world.Ready == 2 && world.Plan().Writes.Count == 0);
        var old = world.Set.Status.CurrentRevision;
        world.ChangeTemplate("v2");
        world.RunUntil(() => world.Set.Status.CurrentRevision != old && world.Plan().Writes.Count == 0);
        world.ChangeTemplate("v1");
        world.RunUntil(() => world.Set.Status.CurrentRevision == old && world.Ready == 2 && world.Plan().Writes.Count == 0);

        world.Revisions.Single(revision => revision.Metadata.Name == old).Revision.ShouldBe(3);
        world.Revisions.Count.ShouldBe(2);
    }

    [Fact]
    public void A_failed_pod_is_replaced_under_its_name()
    {
        var world = new PlannedStatefulSet(2, new Random(3));
        world.RunUntil(() => world.Ready == 2);
        var uid = world.UidOf(0);

        world.Fail(0);
        world.RunUntil(() => world.Ready == 2);

        world.UidOf(0).ShouldNotBe(uid);
    }

    private sealed class PlannedStatefulSet : IWriter
    {
        private readonly Random random;
        private readonly List<V1Pod> pods = [];
        private DateTimeOffset now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        private long count;

        public PlannedStatefulSet(int replicas, Random random)
        {
            this.random = random;
            Set = Make.StatefulSet("db", replicas);
            Set.Metadata.Uid = "set";
            Set.Spec.UpdateStrategy = new V1StatefulSetUpdateStrategy { Type = "RollingUpdate", RollingUpdate = new V1RollingUpdateStatefulSetStrategy { Partition = 0 } };
            ChangeTemplate("v1");
        }

        public V1StatefulSet Set { get; private set; }

        public List<V1ControllerRevision> Revisions { get; } = [];

        public Action<int> BeforeCreate { get; set; } = _ => { };

        public Action AfterStep { get; set; } = () => { };

        public int Ready => pods.Count(pod => !Pods.IsTerminating(pod) && Pods.IsReady(pod));

        public int Living => pods.Count;

        public int Leaving => pods.Count(Pods.IsTerminating);

        public bool IsReady(int ordinal) => pods.Exists(pod => pod.Metadata.Name == $"db-{ordinal}" && !Pods.IsTerminating(pod) && Pods.IsReady(pod));

        public string? RevisionOf(int ordinal) => StatefulPods.RevisionOf(pods.Single(pod => pod.Metadata.Name == $"db-{ordinal}"));

        public string UidOf(int ordinal) => pods.Single(pod => pod.Metadata.Name == $"db-{ordinal}").Metadata.Uid;

        public void ChangeTemplate(string version) => Set.Spec.Template.Metadata.Annotations = new Dictionary<string, string> { ["version"] = version };

        public void Fail(int ordinal) => pods.Single(pod => pod.Metadata.Name == $"db-{ordinal}").Status = new V1PodStatus { Phase = "Failed" };

        public Plan Plan() => StatefulSetPlanner.Make(Canonical.Copy(Set), pods.ToList(), Revisions, new HashSet<string>(), now);

        public void RunUntil(Func<bool> done)
        {
            for (var step = 0; step < 3000; step++)
            {
                if (done())
                    return;
                now = now.AddSeconds(1);
                Execute(Plan());
                AfterStep();
                var waiting = pods.Where(pod => !Pods.IsTerminating(pod) && !Pods.IsReady(pod) && !Pods.IsTerminal(pod)).ToList();
                if (waiting.Count > 0 && random.Next(2) == 0)
                    waiting[random.Next(waiting.Count)].Status = new V1PodStatus { Phase = "Running", Conditions = [new V1PodCondition { Type = "Ready", Status = "True", LastTransitionTime = now.UtcDateTime }] };
                if (random.Next(2) == 0)
                    pods.RemoveAll(Pods.IsTerminating);
            }
            throw new InvalidOperationException("never came true: " + Canonical.Text(Set.Status));
        }

        public void Execute(Plan plan)
        {
            foreach (var write in plan.Writes)
                write.Execute(this);
        }

        public T Create<T>(T thing) where T : class, k8s.IKubernetesObject<V1ObjectMeta>
        {
            thing.Metadata.Uid = $"uid-{++count}";
            thing.Metadata.CreationTimestamp = now.UtcDateTime.AddTicks(count);
            if (thing is V1Pod pod)
            {
                pods.ShouldNotContain(other => other.Metadata.Name == pod.Metadata.Name, "two pods of one name");
                BeforeCreate(StatefulPods.OrdinalOf(Set, pod)!.Value);
                pods.Add(pod);
            }
            else if (thing is V1ControllerRevision revision)
            {
                Revisions.Add(revision);
            }
            return thing;
        }

        public T Update<T>(T thing) where T : class, k8s.IKubernetesObject<V1ObjectMeta>
        {
            if (thing is V1ControllerRevision revision)
                Revisions[Revisions.FindIndex(one => one.Metadata.Name == revision.Metadata.Name)] = revision;
            return thing;
        }

        public T UpdateStatus<T>(T thing) where T : class, k8s.IKubernetesObject<V1ObjectMeta>
        {
            if (thing is V1StatefulSet set)
                Set.Status = set.Status;
            return thing;
        }

        public void Delete<T>(T thing) where T : class, k8s.IKubernetesObject<V1ObjectMeta>
        {
            if (thing is V1ControllerRevision revision)
                Revisions.RemoveAll(one => one.Metadata.Name == revision.Metadata.Name);
            else
                pods.Single(pod => pod.Metadata.Uid == thing.Metadata.Uid).Metadata.DeletionTimestamp = now.UtcDateTime;
        }
    }
}
