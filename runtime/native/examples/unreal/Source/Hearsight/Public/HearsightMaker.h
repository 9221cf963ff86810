// Turns texts into sound waves while the game goes on.
#pragma once

#include "CoreMinimal.h"
#include "Subsystems/EngineSubsystem.h"
#include "Tickable.h"
#include "sound_maker.h"

#include "HearsightMaker.generated.h"

class USoundWaveProcedural;

DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FHearsightFinished, USoundWaveProcedural*, Sound);

UCLASS()
class HEARSIGHT_API UHearsightMaker : public UEngineSubsystem, public FTickableGameObject {
    GENERATED_BODY()

  public:
    /** Null when it failed; the log says why. */
    UPROPERTY(BlueprintAssignable)
    FHearsightFinished OnFinished;

    UFUNCTION(BlueprintCallable)
    bool Open(const FString& Onnxruntime, const FString& Extensions, const FString& BundleFolder);

    UFUNCTION(BlueprintCallable)
    bool Begin(const FString& Text, float Seconds, int64 Seed);

    virtual void Deinitialize() override;
    virtual void Tick(float DeltaTime) override;
    virtual bool IsTickable() const override { return bRunning; }
    virtual bool IsTickableInEditor() const override { return true; }
    virtual TStatId GetStatId() const override {
        RETURN_QUICK_DECLARE_CYCLE_STAT(UHearsightMaker, STATGROUP_Tickables);
    }

  private:
    hearsight_example::SoundMaker Maker;
    bool bRunning = false;
};
