using System.Text;

namespace Ops.PowerAgent.Gpus;

/// <summary>The node's NVIDIA GPUs. Setting clocks and limits takes root on the node.</summary>
internal sealed class NvmlGpus : IGpus, IDisposable
{
    // No board has more supported clocks than a few hundred.
    private const int MostClocks = 1024;

    private readonly IReadOnlyList<Device> _devices;

    private NvmlGpus(IReadOnlyList<Device> devices) => _devices = devices;

    /// <summary>Opens the library.</summary>
    /// <param name="library">File name or path.</param>
    /// <param name="why">Why the result is null, as a sentence without a full stop.</param>
    internal static NvmlGpus? Open(string library, out string why)
    {
        why = Nvml.Load(library) ?? "";
        if (why.Length > 0)
            return null;
        try
        {
            Check(Nvml.Init(), "NVML does not start");
            Check(Nvml.DeviceCount(out var count), "the GPUs cannot be counted");
            return new NvmlGpus([.. Enumerable.Range(0, (int)count).Select(index => Find((uint)index))]);
        }
        catch (Exception error) when (error is GpuException or EntryPointNotFoundException)
        {
            why = error.Message;
            return null;
        }
    }

    public Task<IReadOnlyList<Gpu>> ReadAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<Gpu>>([.. _devices.Select(Read)]);

    public Task ApplyAsync(PowerStep step, CancellationToken cancellation)
    {
        var device = _devices.FirstOrDefault(device => device.Id == step.Id) ?? throw new GpuException($"GPU {step.Id} is gone");
        Check(Nvml.SetPowerLimit(device.Handle, (uint)step.PowerLimitWatts * 1000), $"power limit {step.PowerLimitWatts} W of {step.Id}");
        Check(step.ClockMHz is { } clock ? Nvml.LockClocks(device.Handle, (uint)clock, (uint)clock) : Nvml.ResetClocks(device.Handle), $"clock {step.ClockMHz?.ToString() ?? "free"} of {step.Id}");
        return Task.CompletedTask;
    }

    public void Dispose() => _ = Nvml.Shutdown();

    private static Device Find(uint index)
    {
        Check(Nvml.DeviceByIndex(index, out var handle), $"GPU {index} cannot be opened");
        var id = Text(handle, Nvml.Uuid, $"UUID of GPU {index}");
        Check(Nvml.PowerLimits(handle, out var least, out var most), $"power limits of {id}");
        Check(Nvml.DefaultPowerLimit(handle, out var usual), $"default power limit of {id}");
        Check(Nvml.MaxClock(handle, Nvml.ClockSm, out var highest), $"highest clock of {id}");
        return new Device(handle, id, Text(handle, Nvml.Name, $"name of {id}"), new GpuRange(LowestClock(handle, id), (int)highest, Watts(least), Watts(most), Watts(usual)));
    }

    // The lowest graphics clock at the highest memory clock, which is the one that serving runs at.
    private static int LowestClock(nint handle, string id)
    {
        var memory = new uint[MostClocks];
        var count = (uint)memory.Length;
        Check(Nvml.MemoryClocks(handle, ref count, memory), $"memory clocks of {id}");
        var clocks = new uint[MostClocks];
        var found = (uint)clocks.Length;
        Check(Nvml.GraphicsClocks(handle, memory.Take((int)count).Max(), ref found, clocks), $"clocks of {id}");
        return (int)clocks.Take((int)found).Min();
    }

    private static Gpu Read(Device device)
    {
        Check(Nvml.PowerLimit(device.Handle, out var limit), $"power limit of {device.Id}");
        Check(Nvml.Clock(device.Handle, Nvml.ClockSm, out var clock), $"clock of {device.Id}");
        Check(Nvml.PowerUsage(device.Handle, out var power), $"power of {device.Id}");
        var energy = Nvml.TotalEnergy(device.Handle, out var millijoules);
        // Boards before Volta count no energy.
        if (energy != Nvml.NotSupported)
            Check(energy, $"energy of {device.Id}");
        return new Gpu
        {
            Id = device.Id,
            Product = device.Product,
            Range = device.Range,
            PowerLimitWatts = Watts(limit),
            ClockMHz = (int)clock,
            Watts = power / 1000.0,
            Joules = energy == Nvml.Success ? millijoules / 1000.0 : double.NaN,
        };
    }

    private static int Watts(uint milliwatts) => (int)Math.Round(milliwatts / 1000.0);

    private static string Text(nint handle, TextCall call, string what)
    {
        Span<byte> text = stackalloc byte[Nvml.TextBytes];
        Check(call(handle, text, Nvml.TextBytes), what);
        var end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }

    private static void Check(int code, string what)
    {
        if (code != Nvml.Success)
            throw new GpuException($"{what}: {Nvml.Words(code)}");
    }

    private delegate int TextCall(nint device, Span<byte> text, uint length);

    private sealed record Device(nint Handle, string Id, string Product, GpuRange Range);
}
