using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Ops.Sandbox.Node;
using Ops.Storage.Cluster;

namespace Ops.Bench.Store;

/// <summary>
/// Cuts a node off from everybody: no packet reaches its process and none leaves it, while it runs on and believes in itself.
/// Each node runs in a control group of its own, and the cut is a program of two instructions ("drop") at the group's packets
/// in and out. The kernel takes it away when this process ends, however it ends.
/// </summary>
internal sealed partial class NetworkCut : IDisposable
{
    // bpf(2): commands, a program type, and where it is attached.
    private const int ProgramLoad = 5;
    private const int LinkCreate = 28;
    private const uint CgroupPackets = 8;
    private const uint Ingress = 0;
    private const uint Egress = 1;
    private const int OpenFolder = 0x10000;

    // r0 = 0; exit: 0 drops, 1 passes.
    private static readonly ulong[] Drop = [0xb7, 0x95];

    private readonly List<SafeFileHandle> _held = [];

    private NetworkCut()
    {
    }

    /// <summary>Why nobody can be cut off here; null where it is possible.</summary>
    internal static string? Missing { get; } = WhyNot();

    private static string Groups => Path.Combine(Mount() ?? "/nowhere", $"ops-bench-{Environment.ProcessId}");

    /// <summary>The image entry of an engine whose nodes can be cut off: each enters its group before it opens a socket.</summary>
    internal static ImageEntry Image(string executable) => Missing is not null
        ? new(executable)
        : new("/bin/sh") { LeadingArguments = ["-c", $"""group={Groups}/"$POD_IP"; mkdir -p "$group" && echo $$ > "$group/cgroup.procs" && exec "$0" "$@" """, executable] };

    /// <summary>Cuts a node off until disposed.</summary>
    internal static NetworkCut Of(StoreAddress address)
    {
        var cut = new NetworkCut();
        try
        {
            var group = cut.Hold(Open(Path.Combine(Groups, address.Host), OpenFolder), "open its control group");
            foreach (var direction in (ReadOnlySpan<uint>)[Ingress, Egress])
                cut.Attach(group, direction);
            return cut;
        }
        catch
        {
            cut.Dispose();
            throw;
        }
    }

    /// <summary>Removes the groups; their processes have ended.</summary>
    internal static void Clear()
    {
        if (!Directory.Exists(Groups))
            return;
        foreach (var group in Directory.EnumerateDirectories(Groups).Append(Groups))
            _ = RemoveFolder(group);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var handle in _held)
            handle.Dispose();
        _held.Clear();
    }

    private static string? Mount() => File.ReadLines("/proc/mounts").Select(line => line.Split(' ')).FirstOrDefault(words => words[2] == "cgroup2")?[1];

    private static string? WhyNot()
    {
        if (Mount() is null)
            return "no cgroup2 file system is mounted";
        try
        {
            Directory.CreateDirectory(Groups);
            using var cut = new NetworkCut();
            cut.Attach(cut.Hold(Open(Groups, OpenFolder), "open a control group"), Ingress);
            return null;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException or Win32Exception)
        {
            return $"it takes root: {e.Message}";
        }
    }

    private unsafe void Attach(SafeFileHandle group, uint direction)
    {
        fixed (ulong* instructions = Drop)
        fixed (byte* license = "GPL\0"u8)
        {
            var load = new LoadAttributes { Type = CgroupPackets, Count = (uint)Drop.Length, Instructions = (ulong)instructions, License = (ulong)license, Attached = direction };
            var program = Hold(Bpf(ProgramLoad, &load, sizeof(LoadAttributes)), "load a packet filter");
            var link = new LinkAttributes { Program = (uint)program.DangerousGetHandle(), Target = (uint)group.DangerousGetHandle(), Attached = direction };
            Hold(Bpf(LinkCreate, &link, sizeof(LinkAttributes)), "attach a packet filter");
        }
    }

    private SafeFileHandle Hold(long descriptor, string what)
    {
        if (descriptor < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"{what}: {Marshal.GetLastPInvokeErrorMessage()}");
        var handle = new SafeFileHandle((nint)descriptor, ownsHandle: true);
        _held.Add(handle);
        return handle;
    }

    private static unsafe long Bpf(int command, void* attributes, int size) =>
        SystemCall(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 280 : 321, command, attributes, size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static unsafe partial long SystemCall(long number, long command, void* attributes, long size);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "rmdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RemoveFolder(string path);

    // The first fields of union bpf_attr; the kernel takes what is not given for zero.
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct LoadAttributes
    {
        public uint Type;
        public uint Count;
        public ulong Instructions;
        public ulong License;
        public uint LogLevel;
        public uint LogSize;
        public ulong Log;
        public uint KernelVersion;
        public uint Flags;
        public fixed byte Name[16];
        public uint Interface;
        public uint Attached;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct LinkAttributes
    {
        public uint Program;
        public uint Target;
        public uint Attached;
        public uint Flags;
    }
}
