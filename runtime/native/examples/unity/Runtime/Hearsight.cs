// libhearsight for C#: `hearsight.h` as it is in Native, and four small classes over it.
// C# 7.3 without other packages: the same file serves Unity, Godot's .NET and plain programs.
// 64-bit systems only.
using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;

namespace Hearsight
{
    public enum Status
    {
        Ok = 0, Internal = 1, Usage = 2, Bundle = 3, Device = 4, File = 5, Running = 16,
        Cancelled = 130,
    }

    public enum Stage { Queued, Load, Prepare, Encode, Denoise, Decode, Finish }

    public sealed class HearsightException : Exception
    {
        public readonly Status Status;

        public HearsightException(Status status, string message) : base(message)
        {
            Status = status;
        }
    }

    /// One prompt; made by the functions with the names of what they hear.
    public sealed class Prompt
    {
        internal int Kind;
        internal string Words;
        internal byte[] Pixels;
        internal int Width, Height, SampleRate;
        internal float[] Values;

        /// Against the other prompts; below zero leads away.
        public double Weight = 1;

        public static Prompt Text(string words) => new Prompt { Kind = 0, Words = words };

        /// Rows from the top, three bytes red, green, blue a pixel.
        public static Prompt Image(byte[] pixels, int width, int height)
        {
            if (pixels.LongLength != 3L * width * height)
                throw new ArgumentException("A picture has three bytes a pixel.");
            return new Prompt { Kind = 1, Pixels = pixels, Width = width, Height = height };
        }

        /// One channel at Bundle.AudioRate.
        public static Prompt Audio(float[] samples, int sampleRate) =>
            new Prompt { Kind = 2, Values = samples, SampleRate = sampleRate };

        public static Prompt Condition(float[] numbers) =>
            new Prompt { Kind = 3, Values = numbers };

        /// A .safetensors file of `runtime-cli condition`: no library of operators for text needed.
        public static Prompt Condition(string path)
        {
            var file = File.ReadAllBytes(path);
            int start = 8 + (int)BitConverter.ToInt64(file, 0); // the header tells its length
            var numbers = new float[(file.Length - start) / 4];
            Buffer.BlockCopy(file, start, numbers, 0, 4 * numbers.Length);
            return Condition(numbers);
        }
    }

    /// What to make. What stays zero is decided by the bundle.
    public sealed class Request
    {
        public readonly List<Prompt> Prompts = new List<Prompt>();
        public string Negative, Id;
        public double Seconds, Strength;
        public double? Guidance;
        public ulong? Seed;
        public int Variations = 1, Steps;
        public bool Loop;
        /// A sound to begin with: one channel at Bundle.SampleRate.
        public float[] Init;
    }

    /// One finished sound, channels in turn.
    public sealed class Sound
    {
        public float[] Samples;
        public int SampleRate, Channels, Variation;
        public ulong Seed;
        public string Notes;
    }

    /// What runs bundles. Dispose it before the program unloads its code, as Unity's editor does
    /// whenever it compiles: that stops every job and joins the worker thread.
    public sealed class Engine : IDisposable
    {
        internal IntPtr Handle;

        /// Absolute paths of the libraries; null: those beside libhearsight.
        public Engine(string onnxruntime = null, string extensions = null, string device = null,
                      int threads = 0, long memoryBudget = 0)
        {
            using (var scope = new Scope())
            {
                var options = new Native.EngineOptions
                {
                    StructSize = Native.Size<Native.EngineOptions>(),
                    Threads = (uint)threads,
                    MemoryBudget = (ulong)memoryBudget,
                    Device = scope.Text(device),
                    Onnxruntime = scope.Text(onnxruntime),
                    Extensions = scope.Text(extensions),
                };
                Native.Check(Native.hs_engine_create(ref options, out Handle));
            }
        }

        /// Closes graphs until the open ones hold no more than so many bytes of weights.
        public void Trim(long bytes = 0) => Native.Check(Native.hs_engine_trim(Handle, (ulong)bytes));

        public Bundle Open(string folder, params string[] conditioners) =>
            new Bundle(this, folder, conditioners);

        public void Dispose()
        {
            if (Handle != IntPtr.Zero) Native.hs_engine_destroy(Handle);
            Handle = IntPtr.Zero;
        }
    }

    public sealed class Bundle : IDisposable
    {
        public readonly int SampleRate, Channels, AudioRate;
        /// Numbers in a ready-made condition.
        public readonly long ConditionSize;
        /// What runs it, and why.
        public readonly string Name, Device, Why;
        internal IntPtr Handle;

        internal Bundle(Engine engine, string folder, string[] conditioners)
        {
            using (var scope = new Scope())
            {
                var options = new Native.BundleOptions
                {
                    StructSize = Native.Size<Native.BundleOptions>(),
                    ConditionerCount = (uint)conditioners.Length,
                    Folder = scope.Text(folder),
                    Conditioners = scope.Texts(conditioners),
                };
                Native.Check(Native.hs_bundle_open(engine.Handle, ref options, out Handle));
            }
            var info = new Native.BundleInfo { StructSize = Native.Size<Native.BundleInfo>() };
            Native.Check(Native.hs_bundle_get_info(Handle, ref info));
            SampleRate = (int)info.SampleRate;
            Channels = (int)info.Channels;
            AudioRate = (int)info.AudioRate;
            ConditionSize = (long)info.ConditionSize;
            Name = Native.Text(info.Name);
            Device = Native.Text(info.Device);
            Why = Native.Text(info.Why);
        }

        /// Returns at once; ask the job in every frame.
        public Job Start(Request request) => new Job(this, request);

        public void Dispose()
        {
            if (Handle != IntPtr.Zero) Native.hs_bundle_close(Handle);
            Handle = IntPtr.Zero;
        }
    }

    public sealed class Job : IDisposable
    {
        private IntPtr handle;

        internal Job(Bundle bundle, Request request)
        {
            using (var scope = new Scope())
            {
                var prompts = new Native.Prompt[request.Prompts.Count];
                for (int i = 0; i < prompts.Length; i++) prompts[i] = Native.Of(request.Prompts[i], scope);
                uint flags = (request.Loop ? 1u : 0) | (request.Seed == 0 ? 2u : 0)
                           | (request.Guidance == 0 ? 4u : 0);
                var asked = new Native.Request
                {
                    StructSize = Native.Size<Native.Request>(),
                    PromptCount = (uint)prompts.Length,
                    Prompts = scope.Pinned(prompts),
                    Negative = scope.Text(request.Negative),
                    Id = scope.Text(request.Id),
                    Seconds = request.Seconds,
                    Seed = request.Seed ?? 0,
                    Variations = (uint)request.Variations,
                    Steps = (uint)request.Steps,
                    Guidance = request.Guidance ?? 0,
                    Flags = flags,
                    Init = scope.Pinned(request.Init),
                    InitCount = (ulong)(request.Init?.LongLength ?? 0),
                    Strength = request.Strength,
                };
                Native.Check(Native.hs_job_start(bundle.Handle, ref asked, IntPtr.Zero, out handle));
            }
        }

        /// Running until it is over: then Ok, Cancelled or why not. Never waits.
        public Status Poll(out Stage stage, out float part)
        {
            var progress = new Native.Progress { StructSize = Native.Size<Native.Progress>() };
            Native.Check(Native.hs_job_poll(handle, ref progress));
            stage = (Stage)progress.Stage;
            part = progress.Total == 0 ? 0 : (float)progress.Done / progress.Total;
            return (Status)progress.Status;
        }

        public Status Wait(uint milliseconds) => (Status)Native.hs_job_wait(handle, milliseconds);

        public void Cancel() => Native.hs_job_cancel(handle);

        /// Why it failed, for people.
        public string Error => Native.Words((text, size) => Native.hs_job_error(handle, text, size));

        /// A variation, from 0; null while it is not ready.
        public Sound Result(int index = 0)
        {
            IntPtr take;
            var status = (Status)Native.hs_job_result(handle, (uint)index, out take);
            if (status == Status.Running) return null;
            if (status != Status.Ok) throw new HearsightException(status, Error);
            try
            {
                var info = new Native.TakeInfo { StructSize = Native.Size<Native.TakeInfo>() };
                Native.Check(Native.hs_take_get_info(take, ref info));
                var samples = new float[info.Frames * info.Channels];
                Marshal.Copy(info.Samples, samples, 0, samples.Length);
                return new Sound
                {
                    Samples = samples,
                    SampleRate = (int)info.SampleRate,
                    Channels = (int)info.Channels,
                    Variation = (int)info.Variation,
                    Seed = info.Seed,
                    Notes = Native.Text(info.Notes),
                };
            }
            finally
            {
                Native.hs_take_free(take);
            }
        }

        public void Dispose()
        {
            if (handle != IntPtr.Zero) Native.hs_job_free(handle);
            handle = IntPtr.Zero;
        }
    }
}
