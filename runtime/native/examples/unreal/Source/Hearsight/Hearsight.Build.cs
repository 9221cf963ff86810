// ThirdParty/ holds what `cmake --install` gives (include, lib, bin), ONNX Runtime beside the
// library, and sound_maker.h of examples/cpp in include.
using System.IO;
using UnrealBuildTool;

public class Hearsight : ModuleRules
{
    public Hearsight(ReadOnlyTargetRules Target) : base(Target)
    {
        PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
        PublicDependencyModuleNames.AddRange(new[] { "Core", "CoreUObject", "Engine", "Projects" });
        string place = Path.Combine(PluginDirectory, "ThirdParty");
        PublicIncludePaths.Add(Path.Combine(place, "include"));
        if (Target.Platform == UnrealTargetPlatform.Win64)
        {
            PublicAdditionalLibraries.Add(Path.Combine(place, "lib", "hearsight.lib"));
            PublicDelayLoadDLLs.Add("hearsight.dll"); // the module opens it by its path
            RuntimeDependencies.Add(Path.Combine(place, "bin", "*.dll"));
        }
        else
        {
            PublicAdditionalLibraries.Add(Path.Combine(place, "lib", "libhearsight.so"));
            RuntimeDependencies.Add(Path.Combine(place, "lib", "*.so*"));
        }
    }
}
