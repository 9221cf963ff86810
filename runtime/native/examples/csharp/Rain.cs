// Rain.exe BUNDLE TEXT SOUND.wav: a text becomes a sound. Instead of a text, a .safetensors file of
// `runtime-cli condition` may be named. libhearsight must be where the system looks for libraries.
using System;
using System.IO;
using Hearsight;

internal static class Rain
{
    private static int Main(string[] given)
    {
        if (given.Length != 3)
        {
            Console.Error.WriteLine("Rain.exe BUNDLE TEXT SOUND.wav");
            return (int)Status.Usage;
        }
        try
        {
            var prompt = given[1].EndsWith(".safetensors") ? Prompt.Condition(given[1]) : Prompt.Text(given[1]);
            using (var engine = new Engine())
            using (var bundle = engine.Open(given[0]))
            using (var job = bundle.Start(new Request { Seed = 7, Prompts = { prompt } }))
            {
                while (job.Wait(250) == Status.Running) Console.Error.Write('.');
                Save(given[2], job.Result());
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
