using System.Collections.Immutable;
using CsCheck;
using Ops.Storage.Access;

namespace Ops.Storage.Tests;

/// <summary>A change of password: nobody is locked out at any moment, nothing is open, and in the end only what is wanted is accepted.</summary>
public sealed class AccessTests
{
    private static readonly string[] Passwords = ["old", "new", "other"];

    [Fact]
    public void Whatever_nodes_begin_with_no_step_locks_anybody_out_and_only_wanted_passwords_stay() =>
        Gen.Select(Gen.Int[1, 6], Gen.Int[0, 3].Array[6], Gen.Int[0, 2].Array[6], Gen.Bool, Gen.Int[0, 99].Array[40]).Sample(
            (count, accepted, shown, kept, order) =>
            {
                var passwords = new StorePasswords("new", kept ? ["old"] : [], kept ? [] : ["old"]);
                // Each accepts what it shows, or some more: nodes in the middle of a change.
                var nodes = Enumerable.Range(0, count)
                    .Select(index => new MemberAccess($"n{index}", Accepted(accepted[index]), Open: false, Digest(Passwords[shown[index]])))
                    .ToDictionary(node => node.Member);
                var seenBefore = Refused(nodes.Values);
                for (var round = 0; round < 40; round++)
                {
                    var steps = AccessPlanner.Next([.. nodes.Values], passwords);
                    if (steps.IsEmpty)
                        break;
                    // In any order, and the operator dies after any of them.
                    var some = steps.OrderBy(step => order[(round + step.Member[1]) % 40]).Take(1 + (order[round] % steps.Length)).ToList();
                    foreach (var step in some)
                    {
                        nodes[step.Member] = Execute(nodes[step.Member], step, passwords);
                        nodes[step.Member].Open.ShouldBeFalse();
                        nodes[step.Member].Accepted.ShouldNotBeEmpty();
                        var refused = Refused(nodes.Values);
                        refused.Except(seenBefore).ShouldBeEmpty($"{step} locks a node out");
                        seenBefore = refused;
                    }
                }

                AccessPlanner.Next([.. nodes.Values], passwords).ShouldBeEmpty();
                nodes.Values.ShouldAllBe(node => node.Accepted.SetEquals(passwords.Wanted) && node.Shown == Digest("new"));
            },
            iter: 300);

    [Fact]
    public void An_open_node_is_closed_with_every_password_that_is_wanted()
    {
        var passwords = new StorePasswords("new", ["old"], []);
        AccessPlanner.Next([new("n0", [], Open: true, null)], passwords).OfType<AccessStep.Accept>().Select(step => step.Digest).Order().ShouldBe(passwords.Wanted.Order());
    }

    [Fact]
    public void Passwords_do_not_stand_in_texts()
    {
        $"{new StorePasswords("secret-1", ["secret-2"], ["secret-3"])}".ShouldNotContain("secret");
        // As the engine writes it: printf '%s' password | sha256sum
        Digest("password").ShouldBe("5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8");
    }

    private static ImmutableHashSet<string> Accepted(int more) => more switch
    {
        0 => [.. Passwords.Select(Digest)],
        1 => [Digest("old")],
        2 => [Digest("old"), Digest("new")],
        _ => [Digest("other"), Digest("old")],
    };

    // Pairs of a node and one that would refuse it if it had to copy it.
    private static HashSet<(string, string)> Refused(IEnumerable<MemberAccess> nodes)
    {
        var all = nodes.ToList();
        return [.. all.SelectMany(one => all.Where(other => !other.Accepted.Contains(one.Shown!)).Select(other => (one.Member, other.Member)))];
    }

    private static MemberAccess Execute(MemberAccess node, AccessStep step, StorePasswords passwords) => step switch
    {
        AccessStep.Accept accept => node with { Accepted = node.Accepted.Add(accept.Digest), Open = false },
        AccessStep.Drop drop => node with { Accepted = node.Accepted.Remove(drop.Digest) },
        _ => node with { Shown = Digest(passwords.Current) },
    };

    private static string Digest(string password) => StorePasswords.Digest(password);
}
