using System.Collections.Immutable;
using CsCheck;
using Ops.Storage.Access;

namespace Ops.Storage.Tests;

/// <summary>Users of a node: in the end those that are wanted and no others, whatever it had, and nobody is touched who is as he shall be.</summary>
public sealed class UserTests
{
    private static readonly string[] Names = ["ann", "bob", "cid", "strange", StoreUser.Own];

    [Fact]
    public void Whatever_happens_to_a_node_it_comes_to_have_the_wanted_users_and_its_own_is_never_touched() =>
        Gen.Select(Gen.Int[0, 5].Array[1, 12], Gen.Int[0, 4].Array[12], Gen.Int[0, 99].Array[12]).Sample(
            (happenings, whom, luck) =>
            {
                var (wanted, node, started) = (Users(seed: 0), new MemberUsers("n0", Fresh, ImmutableDictionary<string, GivenUser>.Empty), 0);
                for (var round = 0; round < happenings.Length; round++)
                {
                    var name = Names[whom[round]];
                    switch (happenings[round])
                    {
                        case 0: // It restarts: without users, and with another order of words.
                            (node, started) = (node with { Lines = Fresh }, started + 1);
                            break;
                        case 1: // The operator does.
                            node = node with { Given = ImmutableDictionary<string, GivenUser>.Empty };
                            break;
                        case 2: // Somebody changes or adds a user by hand.
                            node = name == StoreUser.Own ? node : node with { Lines = node.Lines.SetItem(name, $"user {name} on #by-hand-{luck[round]}") };
                            break;
                        case 3: // Somebody removes one.
                            node = name == StoreUser.Own ? node : node with { Lines = node.Lines.Remove(name) };
                            break;
                        case 4: // Other users, passwords or rights are wanted.
                            wanted = Users(luck[round]);
                            break;
                        default: // A look, of which only the first steps come about.
                            node = Execute(node, [.. UserPlanner.Next(node, wanted).Take(luck[round] % 3)], started);
                            break;
                    }
                }

                var (right, before) = (wanted.Where(node.Has).Select(user => user.Name).ToList(), node.Lines);
                var steps = UserPlanner.Next(node, wanted);
                steps.OfType<UserStep.Give>().Select(step => step.User.Name).ShouldNotContain(name => right.Contains(name));
                node = Execute(node, steps, started);
                UserPlanner.Next(node, wanted).ShouldBeEmpty();
                node.Lines.Keys.Order().ShouldBe(wanted.Where(user => user.Digest is not null || before.ContainsKey(user.Name)).Select(user => user.Name).Append(StoreUser.Own).Order());
                node.Lines[StoreUser.Own].ShouldBe(Fresh[StoreUser.Own]);
                foreach (var user in wanted)
                {
                    if (user.Digest is not null)
                        node.Lines[user.Name].ShouldBe(Describe(user, started));
                    else
                        node.Lines.GetValueOrDefault(user.Name).ShouldBe(before.GetValueOrDefault(user.Name));
                }
            },
            iter: 1_000);

    [Fact]
    public void A_user_who_may_not_log_in_is_given_before_others_and_strangers_are_removed_first()
    {
        var steps = UserPlanner.Next(new("n0", Fresh.Add("strange", "user strange on"), ImmutableDictionary<string, GivenUser>.Empty), [new("ann", "1", true, []), new("bob", "2", false, [])]);
        steps.Select(step => $"{step}").ShouldBe(["Remove { Name = strange }", "Give { User = bob }", "Give { User = ann }"]);
    }

    [Fact]
    public void A_user_named_as_the_nodes_own_is_not_given() =>
        UserPlanner.Next(new("n0", Fresh, ImmutableDictionary<string, GivenUser>.Empty), [new(StoreUser.Own, "1", true, ["+@all"])]).ShouldBeEmpty();

    [Fact]
    public void Digests_do_not_stand_in_texts()
    {
        var user = new StoreUser("ann", "c0ffee", true, ["~*"]);
        var node = new MemberUsers("n0", Fresh, ImmutableDictionary<string, GivenUser>.Empty).After([user], Fresh.Add("ann", "user ann on #c0ffee"));
        $"{user} {node.Given["ann"]} {new UserStep.Give(user)}".ShouldNotContain("c0ffee");
    }

    private static ImmutableDictionary<string, string> Fresh { get; } = ImmutableDictionary<string, string>.Empty.Add(StoreUser.Own, "user default on #own ~* &* +@all");

    // One to three users; the password of one of them is sometimes not known.
    private static List<StoreUser> Users(int seed) =>
        [.. Enumerable.Range(0, 1 + (seed % 3)).Select(index => new StoreUser(Names[index], (seed + index) % 7 == 3 ? null : $"d{seed % 5}", seed % 2 == 0, ["~*", $"+@{seed % 4}"]))];

    private static MemberUsers Execute(MemberUsers node, IReadOnlyCollection<UserStep> steps, int started)
    {
        var lines = node.Lines.RemoveRange(steps.OfType<UserStep.Remove>().Select(step => step.Name));
        var taken = steps.OfType<UserStep.Give>().Select(step => step.User).ToList();
        return node.After(taken, lines.SetItems(taken.Select(user => KeyValuePair.Create(user.Name, Describe(user, started)))));
    }

    // As an engine does: in its own words, which differ from start to start.
    private static string Describe(StoreUser user, int started) => $"user {user.Name} {(user.Enabled ? "on" : "off")} #{user.Digest} in the words of start {started}: {string.Join('|', user.Rules)}";
}
