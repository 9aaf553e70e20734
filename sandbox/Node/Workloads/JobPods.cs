using k8s.Models;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>Pods of a Job, with its labels and, in an Indexed one, their index as name, annotation and environment.</summary>
internal static class JobPods
{
    public static int? IndexOf(V1Pod pod) =>
        pod.Metadata.Annotations is { } notes && notes.TryGetValue(JobPlanner.IndexAnnotation, out var text) && int.TryParse(text, out var index) ? index : null;

    public static V1Pod Make(V1Job job, int? index)
    {
        var pod = Pods.FromTemplate(
            job.Spec.Template, job.Metadata.NamespaceProperty, Owners.Reference(job), name: null,
            generateName: index is null ? job.Metadata.Name + "-" : $"{job.Metadata.Name}-{index}-");
        var labels = pod.Metadata.Labels;
        labels["batch.kubernetes.io/job-name"] = labels["job-name"] = job.Metadata.Name;
        labels["batch.kubernetes.io/controller-uid"] = labels["controller-uid"] = job.Metadata.Uid;
        if (index is not { } number)
            return pod;
        labels[JobPlanner.IndexAnnotation] = number.ToString();
        pod.Metadata.Annotations = new Dictionary<string, string>(pod.Metadata.Annotations ?? new Dictionary<string, string>()) { [JobPlanner.IndexAnnotation] = number.ToString() };
        pod.Spec.Hostname = $"{job.Metadata.Name}-{number}";
        foreach (var container in pod.Spec.Containers.Concat(pod.Spec.InitContainers ?? []))
            container.Env = [.. container.Env ?? [], new V1EnvVar { Name = "JOB_COMPLETION_INDEX", Value = number.ToString() }];
        return pod;
    }
}
