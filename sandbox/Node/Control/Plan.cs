using k8s;
using k8s.Models;

namespace Ops.Sandbox.Node.Control;

/// <summary>What one look at one object decided: writes in order, and when to look again without being told.</summary>
internal sealed record Plan(IReadOnlyList<Write> Writes, TimeSpan? RequeueAfter = null)
{
    public static readonly Plan Nothing = new([]);
}

/// <summary>An Event to tell once a write has succeeded. <c>{0}</c> in the message is the name of the object written.</summary>
internal sealed record Narration(V1ObjectReference About, string Component, string Reason, string Message, string Type = "Normal");

/// <summary>One write as data; it makes no choices.</summary>
internal abstract record Write
{
    /// <summary>Told after the write, never when it failed.</summary>
    public Narration? Tell { get; init; }

    /// <summary>Told instead when the server refuses the write; <c>{0}</c> is the server's sentence.</summary>
    public Narration? TellRefusal { get; init; }

    /// <summary>Done instead when the server refuses the write, with the server's sentence; null for nothing.</summary>
    public Func<string, Write>? AfterRefusal { get; init; }

    /// <summary>Carries the write out and returns the name of the object written.</summary>
    public abstract string Execute(IWriter writer);
}

internal sealed record CreateObject<T>(T Object) : Write where T : class, IKubernetesObject<V1ObjectMeta>
{
    public override string Execute(IWriter writer) => writer.Create(Object).Metadata.Name;
}

internal sealed record UpdateObject<T>(T Object) : Write where T : class, IKubernetesObject<V1ObjectMeta>
{
    public override string Execute(IWriter writer) => writer.Update(Object).Metadata.Name;
}

internal sealed record UpdateStatus<T>(T Object) : Write where T : class, IKubernetesObject<V1ObjectMeta>
{
    public override string Execute(IWriter writer) => writer.UpdateStatus(Object).Metadata.Name;
}

internal sealed record DeleteObject<T>(T Object) : Write where T : class, IKubernetesObject<V1ObjectMeta>
{
    public override string Execute(IWriter writer)
    {
        writer.Delete(Object);
        return Object.Metadata.Name;
    }
}

/// <summary>Only the event, no write.</summary>
internal sealed record TellOnly : Write
{
    public override string Execute(IWriter writer) => string.Empty;
}

/// <summary>The verbs that a write may use. Every answer is put into the caches, so the next plan sees its own writes.</summary>
internal interface IWriter
{
    T Create<T>(T thing) where T : class, IKubernetesObject<V1ObjectMeta>;

    T Update<T>(T thing) where T : class, IKubernetesObject<V1ObjectMeta>;

    T UpdateStatus<T>(T thing) where T : class, IKubernetesObject<V1ObjectMeta>;

    void Delete<T>(T thing) where T : class, IKubernetesObject<V1ObjectMeta>;
}
