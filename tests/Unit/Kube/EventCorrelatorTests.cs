using k8s.Models;
using Microsoft.Extensions.Time.Testing;

namespace Ops.Kube.Tests;

public sealed class EventCorrelatorTests
{
    private readonly FakeTimeProvider time = new();
    private readonly EventCorrelator correlator;

    public EventCorrelatorTests() => correlator = new EventCorrelator(time);

    [Fact]
    public void The_same_note_again_raises_the_count_of_the_first_event()
    {
        var first = Say("a", "hello")!;
        (first.Count, first.Name).ShouldBe((1, null));
        correlator.Named(first, "a.1");
        var second = Say("a", "hello")!;
        (second.Count, second.Name).ShouldBe((2, "a.1"));
        Say("b", "hello")!.Count.ShouldBe(1, "another object has its own events");
        time.Advance(TimeSpan.FromMinutes(11));
        Say("a", "hello")!.Name.ShouldBeNull("after ten quiet minutes a new event begins");
    }

    [Fact]
    public void Many_different_messages_of_one_reason_become_one_event()
    {
        for (var i = 0; i < 10; i++)
            Say("a", $"port {i}")!.Message.ShouldBe($"port {i}");
        var combined = Say("a", "port 10")!;
        combined.Message.ShouldBe(EventCorrelator.CombinedPrefix + "port 10");
        correlator.Named(combined, "a.c");
        var next = Say("a", "port 11")!;
        (next.Name, next.Count).ShouldBe(("a.c", 2));
        Say("a", "port 3")!.Message.ShouldBe("port 3", "a message known before the flood keeps its own event");
    }

    [Fact]
    public void A_flooding_object_is_cut_off_and_comes_back_slowly()
    {
        Enumerable.Range(0, 100).Count(_ => Say("a", "x") is not null).ShouldBe(25);
        Say("b", "x").ShouldNotBeNull();
        time.Advance(TimeSpan.FromMinutes(10));
        Enumerable.Range(0, 100).Count(_ => Say("a", "x") is not null).ShouldBe(2);
    }

    private CorrelatedEvent? Say(string name, string message) =>
        correlator.Correlate(new EventNote(new V1ObjectReference { Kind = "ModelPool", Name = name, NamespaceProperty = "n", Uid = name }, "Normal", "Scaled", message));
}
