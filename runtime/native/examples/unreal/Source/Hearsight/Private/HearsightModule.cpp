#include "HAL/PlatformProcess.h"
#include "Interfaces/IPluginManager.h"
#include "Misc/Paths.h"
#include "Modules/ModuleManager.h"

// Opens the library by its path before anything calls it, so that none of that name elsewhere on
// the machine is taken instead.
class FHearsightModule : public IModuleInterface {
  public:
    virtual void StartupModule() override {
#if PLATFORM_WINDOWS
        const FString Base = IPluginManager::Get().FindPlugin(TEXT("Hearsight"))->GetBaseDir();
        Library = FPlatformProcess::GetDllHandle(
            *FPaths::Combine(Base, TEXT("ThirdParty/bin/hearsight.dll")));
#endif
    }

    virtual void ShutdownModule() override {
        if (Library) {
            FPlatformProcess::FreeDllHandle(Library);
        }
    }

  private:
    void* Library = nullptr;
};

IMPLEMENT_MODULE(FHearsightModule, Hearsight)
