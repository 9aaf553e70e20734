using static Ops.Sandbox.ShopPlan.KubectlCommand;

namespace Ops.Sandbox.ShopPlan;

/// <summary>Faults of what stands around workloads and Services: nodes, volumes, quotas, rights, and what leads to them.</summary>
internal static class ObjectFaultsAround
{
    private const string Deployment = "Deployment/currency";
    private const string Node = "Node/node-0";

    // Two that do nothing but hold room, of 32 processors; neither is of the restricted pod security level.
    private static readonly KubectlCommand Crowd = Apply($"{Idle("crunch", "1")}\n{Idle("report", "16")}");

    public static IReadOnlyList<ObjectFault> All { get; } =
    [
        new("all-nodes-cordoned", Node, "NodeCordoned", Of("cordon", "node-0"), Of("delete", "pod", "-l", "app.kubernetes.io/name=currency", "--wait=false")),
        new("taint-without-toleration", Node, "TaintNotTolerated", Of("taint", "node", "node-0", "team=others:NoSchedule"), Of("delete", "pod", "-l", "app.kubernetes.io/name=currency", "--wait=false")),
        new("volume-affinity-conflict", Deployment, "VolumeAffinityConflict", Volume("archive"))
        {
            Given =
            [
                Apply("""
                    {"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"archive"},"spec":{"storageClassName":"archive","capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/tmp"},
                     "nodeAffinity":{"required":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"kubernetes.io/hostname","operator":"In","values":["edge"]}]}]}}}}
                    """),
                Claim("archive", "archive"),
            ],
        },
        new("missing-storage-class", Deployment, "StorageClassMissing", Volume("fast")) { Given = [Claim("fast", "no-such-class")] },
        new("quota-too-small", "ResourceQuota/shop", "QuotaTooSmall", Patch("quota", "shop", """[{"op":"replace","path":"/spec/hard/pods","value":"1"}]"""), Of("delete", "pod", "-l", "app.kubernetes.io/name=currency", "--wait=false"))
        {
            Given = [Apply("""{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"shop"},"spec":{"hard":{"pods":"30"}}}""")],
        },
        new("limit-range-too-small", "LimitRange/shop", "LimitRangeTooSmall", Patch("limits", "shop", """[{"op":"replace","path":"/spec/limits/0","value":{"type":"Container","max":{"memory":"16Mi"}}}]"""), Of("delete", "pod", "-l", "app.kubernetes.io/name=currency", "--wait=false"))
        {
            // Of memory, since an autoscaler would find a default request for cpu as good as one of the workload's own.
            Given = [Apply("""{"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"shop"},"spec":{"limits":[{"type":"Container","max":{"memory":"64Gi"},"default":{"memory":"1Gi"},"defaultRequest":{"memory":"32Mi"}}]}}""")],
        },
        new("pod-security-refusal", "Namespace/shop", "PodSecurityRefused", Of("label", "ns", "shop", "pod-security.kubernetes.io/enforce=restricted", "--overwrite"), Of("delete", "pod", "-l", "app.kubernetes.io/name=report", "--wait=false"))
        {
            Given = [ObjectFaults.AnyPod, Crowd],
        },
        // Both fit beside each other. With another class the one takes the room of the other.
        new("wrong-priority-class", "Deployment/crunch", "PreemptsOthers", Patch("deploy", "crunch", """[{"op":"add","path":"/spec/template/spec/priorityClassName","value":"urgent"},{"op":"replace","path":"/spec/template/spec/containers/0/resources/requests/cpu","value":"20"}]"""))
        {
            Given = [Apply("""{"apiVersion":"scheduling.k8s.io/v1","kind":"PriorityClass","metadata":{"name":"urgent"},"value":100000,"description":"What customers wait for."}"""), ObjectFaults.AnyPod, Crowd],
            NeedsBenchNodes = true,
        },
        new("rbac-revoked", "RoleBinding/reader", "AccessRevoked", Of("delete", "rolebinding", "reader"))
        {
            Given =
            [
                Apply("""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"reader"},"rules":[{"apiGroups":[""],"resources":["configmaps"],"verbs":["get"]}]}"""),
                Apply("""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"reader"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"reader"},"subjects":[{"kind":"ServiceAccount","name":"default","namespace":"shop"}]}"""),
            ],
        },
        new("hpa-without-requests", Deployment, "RequestsMissing", Patch("deploy", "currency", """[{"op":"remove","path":"/spec/template/spec/containers/0/resources/requests/cpu"}]"""))
        {
            Given =
            [
                Apply("""
                    {"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"currency"},"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"currency"},
                     "minReplicas":1,"maxReplicas":3,"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}}]}}
                    """),
            ],
        },
        new("rollout-takes-all", Deployment, "RolloutTakesAll", Patch("deploy", "currency", """[{"op":"replace","path":"/spec/strategy","value":{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"100%","maxSurge":0}}},{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"ops.autonomic.dev/shop:0.1.O"}]""")),
        new("network-policy-deny-all", "NetworkPolicy/shop", "NetworkPolicyDenies", Patch("netpol", "shop", """[{"op":"remove","path":"/spec/ingress"}]"""))
        {
            Given = [Apply("""{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"shop"},"spec":{"podSelector":{},"policyTypes":["Ingress"],"ingress":[{"from":[{"podSelector":{}}]}]}}""")],
        },
        new("internal-traffic-policy-local", "Service/currency", "LocalTrafficOnly", Patch("svc", "currency", """[{"op":"replace","path":"/spec/internalTrafficPolicy","value":"Local"}]""")),
        new("ingress-to-wrong-backend", "Ingress/shop", "WrongBackend", Patch("ing", "shop", """[{"op":"replace","path":"/spec/rules/0/http/paths/0/backend/service/name","value":"currencies"}]"""))
        {
            Given = [Apply("""{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"shop"},"spec":{"rules":[{"http":{"paths":[{"path":"/rates","pathType":"Prefix","backend":{"service":{"name":"currency","port":{"name":"http"}}}}]}}]}}""")],
        },
        new("bad-custom-resource", "ModelPool/chat", "BadCustomResource", Of("patch", "mp", "chat", "--type=merge", "-p", """{"spec":{"engine":{"image":"ops.autonomic.dev/model-server:0.1.O"}}}"""))
        {
            Given = [Apply("""{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"ModelPool","metadata":{"name":"chat"},"spec":{"model":"meta-llama/Llama-3.1-8B-Instruct","engine":{"type":"simulated"},"gpu":{"product":"NVIDIA-H100-80GB-HBM3","count":1},"replicas":1}}""")],
        },
        // The consumer holds the Secret in a variable and compares it with the mounted file, as a database would. The two
        // passwords change places, so that it is another one each time.
        new("secret-rotated", "Deployment/vault", "StaleSecret", Patch(
            "secret", "vault",
            """[{"op":"move","from":"/data/password","path":"/data/last"},{"op":"move","from":"/data/next","path":"/data/password"},{"op":"move","from":"/data/last","path":"/data/next"}]"""))
        {
            Given =
            [
                ObjectFaults.AnyPod,
                Apply("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"vault"},"stringData":{"password":"one","next":"two"}}"""),
                Apply("""
                    {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"vault","labels":{"app.kubernetes.io/name":"vault"}},"spec":{"replicas":1,"selector":{"matchLabels":{"app.kubernetes.io/name":"vault"}},
                     "template":{"metadata":{"labels":{"app.kubernetes.io/name":"vault"}},"spec":{"automountServiceAccountToken":false,"terminationGracePeriodSeconds":1,
                      "volumes":[{"name":"vault","secret":{"secretName":"vault"}}],
                      "containers":[{"name":"client","image":"ops.autonomic.dev/shop:0.1.0","command":["sh","-c","while :; do sleep 1; done"],
                       "env":[{"name":"PASSWORD","valueFrom":{"secretKeyRef":{"name":"vault","key":"password"}}}],
                       "volumeMounts":[{"name":"vault","mountPath":"/etc/vault"}],
                       "readinessProbe":{"periodSeconds":1,"failureThreshold":1,"exec":{"command":["sh","-c","test \"$PASSWORD\" = \"$(cat /etc/vault/password)\""]}}}]}}}}
                    """),
            ],
        },
    ];

    private static string Idle(string name, string cpu) => $$$$$$"""
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"{{{{{{name}}}}}}","labels":{"app.kubernetes.io/name":"{{{{{{name}}}}}}"}},"spec":{"replicas":1,"selector":{"matchLabels":{"app.kubernetes.io/name":"{{{{{{name}}}}}}"}},
         "template":{"metadata":{"labels":{"app.kubernetes.io/name":"{{{{{{name}}}}}}"}},"spec":{"automountServiceAccountToken":false,"terminationGracePeriodSeconds":1,
          "containers":[{"name":"idle","image":"ops.autonomic.dev/shop:0.1.0","command":["sh","-c","exec sleep 1000000"],"resources":{"requests":{"cpu":"{{{{{{cpu}}}}}}"}}}]}}}}
        """;

    private static KubectlCommand Volume(string claim) =>
        Patch("deploy", "currency", $$$$"""[{"op":"replace","path":"/spec/template/spec/volumes/0","value":{"name":"data","persistentVolumeClaim":{"claimName":"{{{{claim}}}}"}}}]""");

    private static KubectlCommand Claim(string name, string storageClass) => Apply(
        $$$$$"""{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"{{{{{name}}}}}"},"spec":{"storageClassName":"{{{{{storageClass}}}}}","accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}""");
}
