// hearsight.h, field by field. Names are those of the header, in the spelling of C#.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;

namespace Hearsight
{
    internal static class Native
    {
        private const string Library = "hearsight";

        [StructLayout(LayoutKind.Sequential)]
        internal struct EngineOptions
        {
            public uint StructSize, Threads;
            public ulong MemoryBudget;
            public IntPtr Device, Onnxruntime, Extensions, OrtApi, CacheFolder;
            public int NeverBuild, LogLevel;
            public IntPtr Log, LogUser, Allocate, Release, MemoryUser, Provider, Precision;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct BundleOptions
        {
            public uint StructSize, ConditionerCount;
            public IntPtr Folder, Conditioners;
            public int Verify, Reserved;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct BundleInfo
        {
            public uint StructSize, SampleRate, Channels, Understands;
            public double Shortest, Longest, Seconds;
            public ulong ConditionSize;
            public uint AudioRate, Begins;
            public IntPtr Name, Device, Why;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct Prompt
        {
            public uint StructSize;
            public int Kind;
            public double Weight;
            public IntPtr Text, Pixels;
            public uint Width, Height;
            public IntPtr Values;
            public ulong ValueCount;
            public uint SampleRate, Reserved;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct Request
        {
            public uint StructSize, PromptCount;
            public IntPtr Prompts, Negative, Id;
            public double Seconds;
            public ulong Seed;
            public uint Variations, FirstVariation, Steps;
            public int Solver;
            public double Guidance, Eta, GuidanceFrom, GuidanceTo;
            public int Mix;
            public uint Flags;
            public IntPtr Init;
            public ulong InitCount;
            public double Strength;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct Memory
        {
            public uint StructSize, Reserved;
            public ulong Files, Weights, Samples;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct Progress
        {
            public uint StructSize;
            public int Status, Stage;
            public uint Done, Total, Takes;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct TakeInfo
        {
            public uint StructSize, SampleRate, Channels, Variation;
            public ulong Frames;
            public IntPtr Samples;
            public ulong Seed, ItemSeed;
            public IntPtr Notes;
        }

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern uint hs_version();
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int hs_engine_create(ref EngineOptions options, out IntPtr engine);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int hs_engine_destroy(IntPtr engine);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int hs_engine_trim(IntPtr engine, ulong bytes);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern uint hs_engine_error(IntPtr engine, byte[] text, uint size);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int hs_bundle_open(IntPtr engine, ref BundleOptions options, out IntPtr bundle);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int hs_bundle_get_info(IntPtr bundle, ref BundleInfo info);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int hs_bundle_close(IntPtr bundle);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int hs_estimate(IntPtr engine, ref BundleOptions options, ref Request request, ref Memory memory);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int hs_job_start(IntPtr bundle, ref Request request, IntPtr callbacks, out IntPtr job);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int hs_job_poll(IntPtr job, ref Progress progress);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int hs_job_wait(IntPtr job, uint milliseconds);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int hs_job_cancel(IntPtr job);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern uint hs_job_error(IntPtr job, byte[] text, uint size);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int hs_job_result(IntPtr job, uint index, out IntPtr take);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int hs_job_free(IntPtr job);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int hs_take_get_info(IntPtr take, ref TakeInfo info);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int hs_take_free(IntPtr take);

        internal static uint Size<T>() => (uint)Marshal.SizeOf(typeof(T));

        internal static void Check(int status)
        {
            if (status != 0)
                throw new HearsightException((Status)status,
                                             Words((text, size) => hs_engine_error(IntPtr.Zero, text, size)));
        }

        internal static Prompt Of(Hearsight.Prompt prompt, Scope scope) => new Prompt
        {
            StructSize = Size<Prompt>(),
            Kind = prompt.Kind,
            Weight = prompt.Weight,
            Text = scope.Text(prompt.Words),
            Pixels = scope.Pinned(prompt.Pixels),
            Width = (uint)prompt.Width,
            Height = (uint)prompt.Height,
            Values = scope.Pinned(prompt.Values),
            ValueCount = (ulong)(prompt.Values?.LongLength ?? 0),
            SampleRate = (uint)prompt.SampleRate,
        };

        internal static string Words(Func<byte[], uint, uint> tell)
        {
            var text = new byte[1024];
            uint length = tell(text, (uint)text.Length);
            return Encoding.UTF8.GetString(text, 0, (int)Math.Min(length, (uint)text.Length - 1));
        }

        internal static string Text(IntPtr text)
        {
            if (text == IntPtr.Zero) return "";
            var bytes = new List<byte>();
            for (byte b; (b = Marshal.ReadByte(text, bytes.Count)) != 0;) bytes.Add(b);
            return Encoding.UTF8.GetString(bytes.ToArray());
        }
    }

    /// What the library reads during one call; it copies all of it.
    internal sealed class Scope : IDisposable
    {
        private readonly List<GCHandle> pins = new List<GCHandle>();

        internal IntPtr Text(string text) =>
            text == null ? IntPtr.Zero : Pinned(Encoding.UTF8.GetBytes(text + "\0"));

        internal IntPtr Texts(string[] texts) => Pinned(Array.ConvertAll(texts, Text));

        internal IntPtr Pinned(Array array)
        {
            if (array == null || array.Length == 0) return IntPtr.Zero;
            var pin = GCHandle.Alloc(array, GCHandleType.Pinned);
            pins.Add(pin);
            return pin.AddrOfPinnedObject();
        }

        public void Dispose()
        {
            foreach (var pin in pins) pin.Free();
            pins.Clear();
        }
    }
}
