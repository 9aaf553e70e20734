namespace Ops.Sandbox.Objects;

/// <summary>
/// Unconditional defaults of built-in types, as the defaulting functions of Kubernetes set them
/// (pkg/apis/*/v1/defaults.go). Conditional ones are in <see cref="BuiltInDefaults"/>.
/// </summary>
internal static class ModelDefaults
{
    /// <summary>JSON text by type and member.</summary>
    public static readonly Dictionary<string, string> Of = """
        V1ContainerPort.protocol: "TCP"
        V1ServicePort.protocol: "TCP"
        Discoveryv1EndpointPort.protocol: "TCP"
        Discoveryv1EndpointPort.name: ""
        Corev1EndpointPort.protocol: "TCP"
        V1NetworkPolicyPort.protocol: "TCP"
        V1Container.terminationMessagePath: "/dev/termination-log"
        V1Container.terminationMessagePolicy: "File"
        V1Container.resources: {}
        V1EphemeralContainer.terminationMessagePath: "/dev/termination-log"
        V1EphemeralContainer.terminationMessagePolicy: "File"
        V1EphemeralContainer.resources: {}
        V1Probe.timeoutSeconds: 1
        V1Probe.periodSeconds: 10
        V1Probe.successThreshold: 1
        V1Probe.failureThreshold: 3
        V1HTTPGetAction.scheme: "HTTP"
        V1HTTPGetAction.path: "/"
        V1GRPCAction.service: ""
        V1PodSpec.restartPolicy: "Always"
        V1PodSpec.terminationGracePeriodSeconds: 30
        V1PodSpec.dnsPolicy: "ClusterFirst"
        V1PodSpec.schedulerName: "default-scheduler"
        V1PodSpec.securityContext: {}
        V1ObjectFieldSelector.apiVersion: "v1"
        V1ConfigMapVolumeSource.defaultMode: 420
        V1SecretVolumeSource.defaultMode: 420
        V1DownwardAPIVolumeSource.defaultMode: 420
        V1ProjectedVolumeSource.defaultMode: 420
        V1ServiceAccountTokenProjection.expirationSeconds: 3600
        V1HostPathVolumeSource.type: ""
        V1DeploymentSpec.replicas: 1
        V1DeploymentSpec.revisionHistoryLimit: 10
        V1DeploymentSpec.progressDeadlineSeconds: 600
        V1DeploymentSpec.strategy: {}
        V1DeploymentStrategy.type: "RollingUpdate"
        V1ReplicaSetSpec.replicas: 1
        V1StatefulSetSpec.replicas: 1
        V1StatefulSetSpec.revisionHistoryLimit: 10
        V1StatefulSetSpec.podManagementPolicy: "OrderedReady"
        V1StatefulSetSpec.updateStrategy: {}
        V1StatefulSetSpec.persistentVolumeClaimRetentionPolicy: {}
        V1StatefulSetUpdateStrategy.type: "RollingUpdate"
        V1StatefulSetPersistentVolumeClaimRetentionPolicy.whenDeleted: "Retain"
        V1StatefulSetPersistentVolumeClaimRetentionPolicy.whenScaled: "Retain"
        V1DaemonSetSpec.revisionHistoryLimit: 10
        V1DaemonSetSpec.updateStrategy: {}
        V1DaemonSetUpdateStrategy.type: "RollingUpdate"
        V1JobSpec.backoffLimit: 6
        V1JobSpec.completionMode: "NonIndexed"
        V1JobSpec.suspend: false
        V1JobSpec.podReplacementPolicy: "TerminatingOrFailed"
        V1CronJobSpec.concurrencyPolicy: "Allow"
        V1CronJobSpec.suspend: false
        V1CronJobSpec.successfulJobsHistoryLimit: 3
        V1CronJobSpec.failedJobsHistoryLimit: 1
        V1ServiceSpec.type: "ClusterIP"
        V1ServiceSpec.sessionAffinity: "None"
        V1PersistentVolumeClaimSpec.volumeMode: "Filesystem"
        V1PersistentVolumeSpec.volumeMode: "Filesystem"
        V1PersistentVolumeSpec.persistentVolumeReclaimPolicy: "Retain"
        V1PersistentVolumeClaimStatus.phase: "Pending"
        V1Secret.type: "Opaque"
        V1RoleRef.apiGroup: "rbac.authorization.k8s.io"
        V1StorageClass.reclaimPolicy: "Delete"
        V1StorageClass.volumeBindingMode: "Immediate"
        V1PriorityClass.preemptionPolicy: "PreemptLowerPriority"
        V2HorizontalPodAutoscalerSpec.minReplicas: 1
        V1HorizontalPodAutoscalerSpec.minReplicas: 1
        V1MutatingWebhook.failurePolicy: "Fail"
        V1MutatingWebhook.matchPolicy: "Equivalent"
        V1MutatingWebhook.reinvocationPolicy: "Never"
        V1MutatingWebhook.namespaceSelector: {}
        V1MutatingWebhook.objectSelector: {}
        V1MutatingWebhook.timeoutSeconds: 10
        V1ValidatingWebhook.failurePolicy: "Fail"
        V1ValidatingWebhook.matchPolicy: "Equivalent"
        V1ValidatingWebhook.namespaceSelector: {}
        V1ValidatingWebhook.objectSelector: {}
        V1ValidatingWebhook.timeoutSeconds: 10
        V1RuleWithOperations.scope: "*"
        Admissionregistrationv1ServiceReference.port: 443
        V1CustomResourceDefinitionSpec.conversion: {"strategy": "None"}
        """
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(l => l.Split(": ", 2))
        .ToDictionary(l => l[0], l => l[1], StringComparer.Ordinal);
}
