#include "HearsightMaker.h"

#include "Sound/SoundWaveProcedural.h"

static std::string Utf8(const FString& Text) {
    return std::string(TCHAR_TO_UTF8(*Text));
}

bool UHearsightMaker::Open(const FString& Onnxruntime, const FString& Extensions,
                           const FString& BundleFolder) {
    bRunning = false;
    const bool bOpen = Maker.open(Utf8(Onnxruntime), Utf8(Extensions), Utf8(BundleFolder));
    UE_CLOG(!bOpen, LogTemp, Warning, TEXT("%s"), UTF8_TO_TCHAR(Maker.error().c_str()));
    return bOpen;
}

bool UHearsightMaker::Begin(const FString& Text, float Seconds, int64 Seed) {
    bRunning = Maker.begin(Utf8(Text), Seconds, static_cast<uint64>(Seed), false);
    UE_CLOG(!bRunning, LogTemp, Warning, TEXT("%s"), UTF8_TO_TCHAR(Maker.error().c_str()));
    return bRunning;
}

void UHearsightMaker::Deinitialize() {
    bRunning = false;
    Maker.close();
    Super::Deinitialize();
}

void UHearsightMaker::Tick(float DeltaTime) {
    const hs_status Status = Maker.poll();
    if (Status == HS_RUNNING) {
        return;
    }
    bRunning = false;
    USoundWaveProcedural* Wave = nullptr;
    hearsight_example::Sound Sound;
    if (Status == HS_OK && Maker.take(Sound)) {
        TArray<int16> Samples;
        Samples.Reserve(static_cast<int32>(Sound.samples.size()));
        for (const float Sample : Sound.samples) {
            Samples.Add(static_cast<int16>(FMath::RoundToInt(Sample * 32767.0f)));
        }
        Wave = NewObject<USoundWaveProcedural>(this);
        Wave->SetSampleRate(static_cast<uint32>(Sound.sample_rate));
        Wave->NumChannels = Sound.channels;
        Wave->Duration = static_cast<float>(Samples.Num()) / Sound.channels / Sound.sample_rate;
        Wave->QueueAudio(reinterpret_cast<const uint8*>(Samples.GetData()),
                         Samples.Num() * static_cast<int32>(sizeof(int16)));
    } else {
        UE_LOG(LogTemp, Warning, TEXT("%s"), UTF8_TO_TCHAR(Maker.error().c_str()));
    }
    OnFinished.Broadcast(Wave);
}
