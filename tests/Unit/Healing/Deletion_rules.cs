using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Guarding;
using Ops.Healing.Planning;

namespace Ops.Healing.Tests;

/// <summary>A deletion that hangs is a fault only where nobody can be left who would end it.</summary>
public sealed class Deletion_rules
{
    private const string Orphan = "ledger.example.com/guard";

    [Fact]
    public void An_orphaned_finalizer_is_taken_off_by_name()
    {
        var snapshot = Hanging(TimeSpan.FromMinutes(11), Orphan);
        var finding = Diagnosis.Of(snapshot, Shop.Memory()).ShouldHaveSingleItem();
        (finding.Kind, finding.Name, finding.Cause).ShouldBe((V1ConfigMap.KubeKind, "settings", Causes.FinalizerOrphaned));
        var action = RulePlanner.Plan(finding, snapshot, Shop.Memory())!.Actions.ShouldHaveSingleItem();
        (action.Type, action.Parameters!["finalizer"]).ShouldBe(("RemoveFinalizer", Orphan));
        Verdict(action, snapshot, "RemoveFinalizer").Kind.ShouldBe(GuardVerdictKind.Go);
        Verdict(action, snapshot).Reason.ShouldContain("does not allow RemoveFinalizer");
    }

    [Theory]
    [InlineData(9, Orphan)]
    [InlineData(11, "foregroundDeletion")]
    [InlineData(11, "kubernetes.io/pvc-protection")]
    [InlineData(11, ApiGroup.Name + "/pool")]
    [InlineData(11, "acme.io/release")]
    [InlineData(11, "certs.acme.io/release")]
    [InlineData(11, Orphan + " acme.io/release")]
    public void A_finalizer_that_may_have_an_owner_and_a_deletion_that_is_young_are_left_alone(int minutes, string finalizers)
    {
        var snapshot = Hanging(TimeSpan.FromMinutes(minutes), finalizers.Split(' '));
        Diagnosis.Of(snapshot, Shop.Memory()).ShouldBeEmpty();
        Verdict(Shop.Action("RemoveFinalizer", V1ConfigMap.KubeKind, "settings", ("finalizer", finalizers.Split(' ')[0])), snapshot, "RemoveFinalizer").Reason.ShouldContain("parameters.finalizer");
    }

    [Fact]
    public void Nothing_is_let_go_while_the_clusters_groups_are_unknown_or_what_nobody_remembers()
    {
        Diagnosis.Of(Hanging(TimeSpan.FromHours(1), Orphan) with { ApiGroups = [] }, Shop.Memory()).ShouldBeEmpty();
        var snapshot = Hanging(TimeSpan.FromHours(1), Orphan);
        var map = snapshot.ConfigMaps.Single();
        map.Metadata.Name = "stranger";
        Diagnosis.Of(snapshot with { ConfigMaps = [map] }, Shop.Memory()).ShouldNotContain(finding => finding.Cause == Causes.FinalizerOrphaned);
    }

    private static NamespaceSnapshot Hanging(TimeSpan since, params string[] finalizers)
    {
        var map = Shop.Map(("mode", "fast"));
        (map.Metadata.DeletionTimestamp, map.Metadata.Finalizers) = (Shop.Now.UtcDateTime - since, finalizers);
        return Shop.Well() with { ConfigMaps = [map], ApiGroups = ["apps", "acme.io"] };
    }

    private static GuardVerdict Verdict(RemediationAction action, NamespaceSnapshot snapshot, params string[] allowed) =>
        Guard.Check(Shop.Input(Shop.Plan(action), allowed.Length == 0 ? null : Shop.Policy(spec => spec with { Actions = allowed }), snapshot: snapshot));
}
