/* A fake of NVIDIA's management library for the tests: two H100s whose settings are remembered. Signatures as in nvml.h. */
#include <string.h>

typedef struct { unsigned limit, low, high; unsigned long long energy; } gpu_t;

static gpu_t gpus[2] = {{700000, 0, 0, 1000}, {700000, 0, 0, 2000}};
static int started;

static gpu_t *gpu(void *device) { return &gpus[(long)device - 1]; }

int nvmlInit_v2(void) { started = 1; return 0; }
int nvmlShutdown(void) { started = 0; return 0; }
const char *nvmlErrorString(int code) { return code == 4 ? "Insufficient Permissions" : code == 2 ? "Invalid Argument" : "Unknown Error"; }
int nvmlDeviceGetCount_v2(unsigned *count) { if (!started) return 1; *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) { *device = (void *)(long)(index + 1); return 0; }
int nvmlDeviceGetUUID(void *device, char *text, unsigned length) { (void)length; strcpy(text, (long)device == 1 ? "GPU-fake-0" : "GPU-fake-1"); return 0; }
int nvmlDeviceGetName(void *device, char *text, unsigned length) { (void)device; (void)length; strcpy(text, "fake H100"); return 0; }
int nvmlDeviceGetPowerUsage(void *device, unsigned *mw) { *mw = gpu(device)->limit / 2; return 0; }
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *mj) { *mj = gpu(device)->energy += 500; return 0; }
int nvmlDeviceGetClockInfo(void *device, int type, unsigned *mhz) { (void)type; *mhz = gpu(device)->high ? gpu(device)->high : 1980; return 0; }
int nvmlDeviceGetMaxClockInfo(void *device, int type, unsigned *mhz) { (void)device; (void)type; *mhz = 1980; return 0; }
int nvmlDeviceGetSupportedMemoryClocks(void *device, unsigned *count, unsigned *mhz) { (void)device; *count = 2; mhz[0] = 2619; mhz[1] = 1593; return 0; }
int nvmlDeviceGetSupportedGraphicsClocks(void *device, unsigned memory, unsigned *count, unsigned *mhz) {
  (void)device;
  if (memory != 2619) return 2;
  *count = 3; mhz[0] = 1980; mhz[1] = 1200; mhz[2] = 345;
  return 0;
}
int nvmlDeviceGetPowerManagementLimit(void *device, unsigned *mw) { *mw = gpu(device)->limit; return 0; }
int nvmlDeviceGetPowerManagementDefaultLimit(void *device, unsigned *mw) { (void)device; *mw = 700000; return 0; }
int nvmlDeviceGetPowerManagementLimitConstraints(void *device, unsigned *least, unsigned *most) { (void)device; *least = 200000; *most = 700000; return 0; }
int nvmlDeviceSetPowerManagementLimit(void *device, unsigned mw) {
  /* The second GPU belongs to somebody else. */
  if ((long)device == 2) return 4;
  gpu(device)->limit = mw;
  return 0;
}
int nvmlDeviceSetGpuLockedClocks(void *device, unsigned low, unsigned high) { gpu(device)->low = low; gpu(device)->high = high; return 0; }
int nvmlDeviceResetGpuLockedClocks(void *device) { gpu(device)->low = gpu(device)->high = 0; return 0; }
