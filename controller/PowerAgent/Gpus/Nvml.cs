using System.Runtime.InteropServices;

namespace Ops.PowerAgent.Gpus;

/// <summary>
/// The calls of NVIDIA's management library that the agent needs, by their C signatures (nvml.h). The library is found when
/// the process runs: it belongs to the driver of the node.
/// </summary>
internal static partial class Nvml
{
    /// <summary>NVML_SUCCESS.</summary>
    internal const int Success = 0;

    /// <summary>NVML_ERROR_NOT_SUPPORTED.</summary>
    internal const int NotSupported = 3;

    /// <summary>NVML_CLOCK_SM.</summary>
    internal const int ClockSm = 1;

    // Longest of NVML_DEVICE_UUID_V2_BUFFER_SIZE and NVML_DEVICE_NAME_V2_BUFFER_SIZE, which are both 96.
    internal const int TextBytes = 96;

    private const string Library = "nvidia-ml";

    /// <summary>Loads the library; once a process.</summary>
    /// <returns>Null, or why it cannot be had.</returns>
    internal static string? Load(string file)
    {
        try
        {
            var handle = NativeLibrary.Load(file);
            NativeLibrary.SetDllImportResolver(typeof(Nvml).Assembly, (name, _, _) => name == Library ? handle : 0);
            return null;
        }
        catch (Exception missing) when (missing is DllNotFoundException or BadImageFormatException)
        {
            return $"NVML ({file}) cannot be loaded";
        }
    }

    /// <summary>NVML's own words for an error.</summary>
    internal static string Words(int code) => Marshal.PtrToStringUTF8(ErrorString(code)) ?? $"error {code}";

    [LibraryImport(Library, EntryPoint = "nvmlInit_v2")]
    internal static partial int Init();

    [LibraryImport(Library, EntryPoint = "nvmlShutdown")]
    internal static partial int Shutdown();

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetCount_v2")]
    internal static partial int DeviceCount(out uint count);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetHandleByIndex_v2")]
    internal static partial int DeviceByIndex(uint index, out nint device);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetUUID")]
    internal static partial int Uuid(nint device, Span<byte> text, uint length);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetName")]
    internal static partial int Name(nint device, Span<byte> text, uint length);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetPowerUsage")]
    internal static partial int PowerUsage(nint device, out uint milliwatts);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetTotalEnergyConsumption")]
    internal static partial int TotalEnergy(nint device, out ulong millijoules);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetClockInfo")]
    internal static partial int Clock(nint device, int type, out uint megahertz);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetMaxClockInfo")]
    internal static partial int MaxClock(nint device, int type, out uint megahertz);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetSupportedMemoryClocks")]
    internal static partial int MemoryClocks(nint device, ref uint count, Span<uint> megahertz);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetSupportedGraphicsClocks")]
    internal static partial int GraphicsClocks(nint device, uint memoryMegahertz, ref uint count, Span<uint> megahertz);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetPowerManagementLimit")]
    internal static partial int PowerLimit(nint device, out uint milliwatts);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetPowerManagementDefaultLimit")]
    internal static partial int DefaultPowerLimit(nint device, out uint milliwatts);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetPowerManagementLimitConstraints")]
    internal static partial int PowerLimits(nint device, out uint leastMilliwatts, out uint mostMilliwatts);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceSetPowerManagementLimit")]
    internal static partial int SetPowerLimit(nint device, uint milliwatts);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceSetGpuLockedClocks")]
    internal static partial int LockClocks(nint device, uint leastMegahertz, uint mostMegahertz);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceResetGpuLockedClocks")]
    internal static partial int ResetClocks(nint device);

    // A string that stays the library's own.
    [LibraryImport(Library, EntryPoint = "nvmlErrorString")]
    private static partial nint ErrorString(int code);
}
