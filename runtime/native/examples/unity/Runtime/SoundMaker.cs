// A component that turns a text into an AudioClip without stopping the game for it.
#if UNITY_5_3_OR_NEWER
using System;
using System.IO;
using UnityEngine;

namespace Hearsight
{
    [RequireComponent(typeof(AudioSource))]
    public sealed class SoundMaker : MonoBehaviour
    {
        [Tooltip("Of a bundle, inside StreamingAssets.")]
        public string bundleFolder = "starter";
        [Tooltip("Names of the libraries of ONNX Runtime inside StreamingAssets; empty: beside libhearsight.")]
        public string onnxruntime = "", extensions = "";
        public string text = "heavy rain on a tin roof";
        public float seconds = 5;
        public bool loop;

        /// From 0 to 1 within the stage that the job is in.
        public float Part { get; private set; }

        private Engine engine;
        private Bundle bundle;
        private Job job;

        public void Make()
        {
            job?.Dispose();
            var request = new Request { Seconds = seconds, Loop = loop };
            request.Prompts.Add(Prompt.Text(text));
            job = bundle.Start(request);
        }

        private void OnEnable()
        {
            engine = new Engine(Asset(onnxruntime), Asset(extensions));
            bundle = engine.Open(Asset(bundleFolder));
        }

        private void Update()
        {
            if (job == null) return;
            Stage stage;
            float part;
            var status = job.Poll(out stage, out part);
            Part = part;
            if (status == Status.Running) return;
            if (status == Status.Ok) Play(job.Result());
            else Debug.LogWarning(job.Error, this);
            job.Dispose();
            job = null;
        }

        private void Play(Sound sound)
        {
            float peak = 1; // the model may go beyond full scale, a clip may not
            foreach (var sample in sound.Samples) peak = Math.Max(peak, Math.Abs(sample));
            for (int i = 0; i < sound.Samples.Length; i++) sound.Samples[i] /= peak;
            int frames = sound.Samples.Length / sound.Channels;
            var clip = AudioClip.Create(text, frames, sound.Channels, sound.SampleRate, false);
            clip.SetData(sound.Samples, 0);
            var source = GetComponent<AudioSource>();
            source.clip = clip;
            source.loop = loop;
            source.Play();
        }

        // Also before the editor loads compiled code anew: no thread of ours may outlive it.
        private void OnDisable()
        {
            job?.Dispose();
            bundle?.Dispose();
            engine?.Dispose();
            job = null;
            bundle = null;
            engine = null;
        }

        private static string Asset(string name) =>
            name == "" ? null : Path.Combine(Application.streamingAssetsPath, name);
    }
}
#endif
