// Rain.exe ONNXRUNTIME EXTENSIONS BUNDLE TEXT SOUND.wav: one text becomes one sound. Instead of a
// text, a .safetensors file of `runtime-cli condition`; EXTENSIONS may then be "".
//     mcs -out:Rain.exe Rain.cs ../unity/Runtime/*.cs
using System;
using System.IO;
using Hearsight;

internal static class Rain
{
    private static int Main(string[] given)
    {
        if (given.Length != 5)
        {
            Console.Error.WriteLine("Rain.exe ONNXRUNTIME EXTENSIONS BUNDLE TEXT SOUND.wav");
            return (int)Status.Usage;
        }
        try
        {
            var prompt = given[3].EndsWith(".safetensors") ? Prompt.Condition(given[3]) : Prompt.Text(given[3]);
            using (var engine = new Engine(given[0], given[1] == "" ? null : given[1]))
            using (var bundle = engine.Open(given[2]))
            using (var job = bundle.Start(new Request { Seed = 7, Prompts = { prompt } }))
            {
                while (job.Wait(250) == Status.Running) Console.Error.Write('.');
                Save(given[4], job.Result());
            }
            return (int)Status.Ok;
        }
        catch (HearsightException problem)
        {
            Console.Error.WriteLine(problem.Message);
            return (int)problem.Status;
        }
    }

    private static void Save(string path, Sound sound) // 32-bit float WAV
    {
        int frame = 4 * sound.Channels, bytes = 4 * sound.Samples.Length;
        using (var file = new BinaryWriter(File.Create(path)))
        {
            foreach (var word in new[] { 0x46464952, 36 + bytes, 0x45564157, 0x20746d66, 16,
                                         sound.Channels << 16 | 3, sound.SampleRate,
                                         sound.SampleRate * frame, 32 << 16 | frame, 0x61746164, bytes })
                file.Write(word);
            foreach (var sample in sound.Samples) file.Write(sample);
        }
    }
}
