using System.Net;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Kube;
using Ops.Operator.Energy;
using Ops.Operator.Fleet;
using Ops.Operator.Scraping;
using Ops.Planning;
using Ops.Planning.Pools;

namespace Ops.Operator.Pools;

/// <summary>One ModelPool: observe, plan, apply, show. All choices are the planners'.</summary>
internal sealed class PoolReconciler(
    KubeClient client, FleetCaches caches, FleetNumbers numbers, FleetPlans plans, SleepKeeper sleep, ApplyWriter writer, StatusWriter statuses, EventRecorder events, TimeProvider time) : IReconciler
{
    // What the API server refuses today it may take tomorrow (a quota, a webhook), without any event that tells.
    private static readonly TimeSpan AfterRefusal = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (caches.Pools.Get(key) is not { Metadata.DeletionTimestamp: null } pool)
            return Requeue.None;

        // What the spec says is followed first; the change of the spec comes back here.
        var fleet = plans.OfPool(key);
        if (fleet is not null && !pool.Spec.Suspend && FleetPlanning.WantsScale(pool, fleet))
            await writer.ScaleAsync(pool, fleet.Scale!.Value, cancellationToken);

        var deployment = await ObserveAsync(caches.Deployments, key, cancellationToken);
        var service = await ObserveAsync(caches.Services, key, cancellationToken);
        var shared = caches.Shared(pool);
        var plan = PoolPlanner.Plan(pool, deployment, service, fleet, shared);
        (plan, deployment, var refused) = await ApplyAsync(plan, deployment, service, cancellationToken);

        var status = PoolStatusPlanner.Plan(new()
        {
            Pool = pool,
            Plan = plan,
            Fleet = fleet,
            Host = shared.Host,
            Deployment = OfPods(shared.Host ?? pool, shared.Host is { } host ? caches.Deployments.Get(ObjectKey.Of(host)) : deployment),
            Pods = caches.PodsByPool[FleetCaches.HostKey(pool).ToString()],
            Numbers = numbers.OfPool(key),
            Sleeping = sleep.SleepingOf(key),
            Now = time.GetUtcNow(),
        });
        await ShowAsync(pool, status, cancellationToken);
        if (status.Plan is { } asked && asked != pool.Status?.Plan && asked.Reason != PlanReasons.Steady)
            events.Normal(pool, asked.Reason, asked.Message);
        return refused ? Requeue.After(AfterRefusal) : Requeue.None;
    }

    private static V1Deployment? OfPods(ModelPool pool, V1Deployment? deployment) => deployment is not null && PoolPlanner.IsOwn(pool, deployment) ? deployment : null;

    // The caches hold only objects with our label. An unlabelled one of the same name must be seen all the same, or
    // the apply would take it over.
    private async Task<T?> ObserveAsync<T>(ResourceCache<T> cache, ObjectKey key, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        cache.Get(key) ?? await client.GetAsync<T>(key.Namespace, key.Name, cancellationToken);

    private async Task<(PoolPlan Plan, V1Deployment? Deployment, bool Refused)> ApplyAsync(
        PoolPlan plan, V1Deployment? deployment, V1Service? service, CancellationToken cancellationToken)
    {
        try
        {
            if (plan.Service is { } wantedService)
                await writer.ApplyAsync(wantedService, service, cancellationToken);
            if (plan.Deployment is { } wanted)
                deployment = (await writer.ApplyAsync(wanted, deployment, cancellationToken)).Object ?? deployment;
            return (plan, deployment, false);
        }
        catch (KubeApiException error) when (error.StatusCode is HttpStatusCode.UnprocessableEntity or HttpStatusCode.Forbidden or HttpStatusCode.BadRequest)
        {
            var problem = new PlanProblem("Refused", $"the API server refuses the pool's objects: {error.Status?.Message ?? error.Message}");
            return (plan with { Problem = problem }, deployment, true);
        }
    }

    private Task ShowAsync(ModelPool pool, ModelPoolStatus status, CancellationToken cancellationToken)
    {
        var intent = new ModelPool
        {
            Metadata = new() { Name = pool.Metadata.Name, NamespaceProperty = pool.Metadata.NamespaceProperty },
            Status = status,
        };
        return statuses.WriteAsync(intent, pool, shown => shown.Status?.Conditions, cancellationToken);
    }
}
