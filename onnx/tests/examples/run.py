"""Compiles, runs, proves and verifies every network of make.py with the given binary; compares with ONNX Runtime.
Usage: run.py TACIT FOLDER [FLAGS...] ; last lines: totals."""
import sys, os, json, subprocess, tempfile, shutil
import numpy as np, onnxruntime as ort
TACIT, FOLDER, FLAGS = sys.argv[1], sys.argv[2], sys.argv[3:]
ort.set_default_logger_severity(4)
def sh(*a):
    p = subprocess.run(list(map(str, a)), capture_output=True, text=True, timeout=120)
    return p.returncode, p.stdout, p.stderr
good, rows = 0, []
for name in sorted(os.listdir(FOLDER)):
    d = os.path.join(FOLDER, name); meta = json.load(open(os.path.join(d, 'meta.json')))
    xs = {n: np.load(os.path.join(d, f'in_{n}.npy')) for n in meta['inputs']}
    o = ort.SessionOptions(); o.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        s = ort.InferenceSession(os.path.join(d, 'model.onnx'), o)
        refs = []
        for i in range(8):
            feed = {}
            for inp in s.get_inputs():
                x = xs[inp.name][i]
                feed[inp.name] = x.reshape([1 if isinstance(k, str) or k is None else k for k in inp.shape])
            refs.append(s.run(None, feed))
    except Exception as e:
        rows.append((name, 'ort', str(e)[:100])); continue
    t = tempfile.mkdtemp()
    try:
        if len(xs) == 1:
            x = next(iter(xs.values()))
            np.save(t + '/x.npy', x.astype(np.float32)); args = [('', t + '/x.npy')]
        else:
            np.savez(t + '/x.npz', **xs); args = [('', t + '/x.npz')]
        inp = sum((['--input', a[1]] for a in args), []); cal = sum((['--calibrate', a[1]] for a in args), [])
        rc, out, err = sh(TACIT, 'compile', d + '/model.onnx', *cal, '-o', t + '/m.tacit', *FLAGS)
        if rc not in (0, 3):
            rows.append((name, 'refused', err.strip().split('\n')[-1][:170])); continue
        worst = np.inf; outs = len(meta['outputs'])
        rc, out, err = sh(TACIT, 'run', t + '/m.tacit', *inp, '--all', '--output', t + ('/y.npy' if outs == 1 else '/y.npz'))
        if rc: rows.append((name, 'run', err.strip()[-170:])); continue
        ys = [np.load(t + '/y.npy')] if outs == 1 else [np.load(t + '/y.npz')[n] for n in meta['outputs']]
        for k in range(outs):
            ref = np.stack([np.asarray(r[k], np.float64).ravel() for r in refs]); y = ys[k].reshape(len(ys[k]), -1)[:8].astype(np.float64)
            if y.shape != ref.shape: worst = -999; break
            noise = ((ref - y) ** 2).sum(); sig = (ref ** 2).sum()
            worst = min(worst, 200 if noise == 0 else (10 * np.log10(sig / noise) if sig > 0 else -99))
        rc, out, err = sh(TACIT, 'prove', t + '/m.tacit', *inp, '-o', t + '/p.proof')
        if rc: rows.append((name, 'prove', err.strip()[-170:])); continue
        rc, out, err = sh(TACIT, 'verify', t + '/m.vk', t + '/p.proof')
        if rc: rows.append((name, 'verify', (out + err).strip()[-170:])); continue
        ok = worst >= 20
        good += ok
        rows.append((name, 'ok' if ok else 'BAD', f'{worst:.1f} dB'))
    except Exception as e:
        rows.append((name, 'error', str(e)[:150]))
    finally:
        shutil.rmtree(t)
for r in rows: print('%-22s %-8s %s' % r)
print('good', good, 'of', len([r for r in rows if r[1] != 'ort']))
