using System.Collections.Immutable;
using System.Text;
using k8s.Models;
using Ops.Api;
using Ops.Operator.Stores;
using Ops.Storage.Access;

namespace Ops.Operator.Tests;

/// <summary>A store's users: their passwords, the engine's rules for them, and what the status says of them.</summary>
public sealed class StoreUserTests
{
    [Fact]
    public void What_is_wrong_with_a_secret_is_named_without_its_content_and_what_was_known_stays()
    {
        var secrets = new StoreUserSecrets(null!, TimeProvider.System);
        secrets.Find(User("shop")).ShouldBe((null, null));
        secrets.Take("p", Secret(("password", "first"), ("other", "fine\n")));
        secrets.Find(User("shop")).ShouldBe((StorePasswords.Digest("first"), null));
        secrets.Find(User("shop", key: "other")).ShouldBe((StorePasswords.Digest("fine"), null));

        Expect(null, "SecretMissing", "spec.users[shop].passwordSecretRef: there is no Secret p; create it with the entry password");
        Expect(Secret(("other", "fine")), "SecretWrong", "Secret p has no entry password");
        Expect(Secret(("password", "\n")), "SecretWrong", "entry password of Secret p must be 1 to 512 bytes");
        Expect(Secret(("password", new string('x', 513))), "SecretWrong", "entry password of Secret p must be 1 to 512 bytes");

        secrets.Take("p", Secret(("password", "second")));
        secrets.Find(User("shop")).ShouldBe((StorePasswords.Digest("second"), null));
        // An entry that is gone does not take the digest of another one with it.
        secrets.Find(User("shop", key: "other")).Problem!.Reason.ShouldBe("SecretWrong");

        void Expect(V1Secret? secret, string reason, string words)
        {
            secrets.Take("p", secret);
            var (digest, problem) = secrets.Find(User("shop"));
            digest.ShouldBe(StorePasswords.Digest("first"));
            problem!.Reason.ShouldBe(reason);
            problem.Message.ShouldContain(words);
            problem.Message.ShouldNotContain("xxx");
        }
    }

    [Fact]
    public void Rules_begin_with_nothing_and_groups_come_before_single_rules_and_the_greatest_last()
    {
        var user = UserRules.Of(User("shop") with { Commands = ["+@pubsub", "admin", "-flushall", "read"], Keys = ["cart:*", "order:*"], Channels = ["news"] }, "d");
        var rules = string.Join(' ', user.Rules);
        rules.ShouldStartWith("~cart:* ~order:* resetchannels &news +@read +@connection -@dangerous ");
        rules.ShouldContain(" +@all -acl +acl|whoami -cluster +cluster|slots ");
        rules.ShouldEndWith(" -shutdown +@pubsub -flushall");
        rules.IndexOf("+@all", StringComparison.Ordinal).ShouldBeGreaterThan(rules.LastIndexOf("-@dangerous", StringComparison.Ordinal));
        user.Enabled.ShouldBeTrue();
        UserRules.Of(User("shop") with { Enabled = false, Commands = ["+get"] }, null).ShouldSatisfyAllConditions(
            off => off.Enabled.ShouldBeFalse(),
            off => off.Digest.ShouldBeNull(),
            off => off.Rules.ShouldBe(["resetchannels", "+get"]));
    }

    [Fact]
    public void The_status_says_on_how_many_nodes_a_user_is_in_force_and_what_keeps_it_from_others()
    {
        var store = Store("shop", "guest");
        Condition(store, UsersState.Nothing).ShouldBe(("False", "Waiting"));
        UserConditions.Rows(store, UsersState.Nothing, 6).ShouldBeNull();

        Condition(store, Seen(6, ("shop", 6), ("guest", 5))).ShouldBe(("False", "Giving"));
        Condition(store, Seen(5, ("shop", 5), ("guest", 5))).ShouldBe(("True", "InForce"));
        Condition(store, Seen(6, ("shop", 6), ("guest", 6)) with { Problem = new("SecretMissing", "m") }).ShouldBe(("False", "SecretMissing"));
        UserConditions.Rows(store, Seen(5, ("shop", 5), ("guest", 4)), 6)!.Select(row => (row.Name, row.Nodes, row.Removing)).ShouldBe([("shop", "5/6", null), ("guest", "4/6", null)]);
    }

    [Fact]
    public void A_user_that_is_no_longer_listed_is_shown_until_every_node_was_seen_without_it()
    {
        var store = Store("shop");
        store.Status = new() { Users = [new() { Name = "shop", Nodes = "6/6" }, new() { Name = "gone", Nodes = "6/6" }] };
        UserConditions.Rows(store, Seen(5, ("shop", 5)), 6)!.Select(row => (row.Name, row.Nodes, row.Removing)).ShouldBe([("shop", "5/6", null), ("gone", "1/6", true)]);
        UserConditions.Rows(store, Seen(6, ("shop", 6)), 6)!.Select(row => row.Name).ShouldBe(["shop"]);

        // Nobody looks any more once the list itself is gone and all nodes were seen.
        store.Spec = store.Spec with { Users = null };
        UserConditions.Rows(store, Seen(5), 6)!.Count.ShouldBe(2);
        UserConditions.Rows(store, Seen(6), 6).ShouldBeNull();
        UserConditions.Of(store.Spec, Seen(6)).ShouldBeEmpty();
    }

    private static (string Status, string Reason) Condition(ShardedStore store, UsersState users)
    {
        var found = UserConditions.Of(store.Spec, users).ShouldHaveSingleItem();
        return (found.IsTrue ? "True" : "False", found.Reason);
    }

    private static UsersState Seen(int nodes, params (string Name, int Nodes)[] inForce) => new(
        new([.. Enumerable.Range(0, nodes).Select(node => $"n{node}")], inForce.ToImmutableDictionary(user => user.Name, user => user.Nodes), ImmutableDictionary<string, string>.Empty, 0, 0),
        null);

    private static ShardedStore Store(params string[] users) => new() { Metadata = new() { Name = "s" }, Spec = new() { Users = [.. users.Select(name => User(name))] } };

    private static StoreUserSpec User(string name, string? key = null) => new() { Name = name, PasswordSecretRef = new() { Name = "p", Key = key }, Commands = ["read"] };

    private static V1Secret Secret(params (string Key, string Value)[] entries) => new() { Data = entries.ToDictionary(entry => entry.Key, entry => Encoding.UTF8.GetBytes(entry.Value)) };
}
