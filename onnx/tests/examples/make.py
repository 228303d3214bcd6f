"""About a hundred small networks of the kinds that people try a prover with first: single operators as PyTorch exports
them, recurrent networks, attention, normalisations, regressors and trees. Usage: make.py OUT"""
import sys, os, json
import numpy as np, onnx
from onnx import helper as h, TensorProto as T, numpy_helper as nh

OUT = sys.argv[1]
rng = np.random.default_rng(7)
N = 16
F = np.float32
cases = {}

def init(name, a):
    return nh.from_array(np.asarray(a), name)

def model(name, nodes, inputs, outputs, inits=(), opset=17, samples=None, extra=()):
    """inputs: {name: (shape with batch, dtype)}"""
    g = h.make_graph(nodes, name, [h.make_tensor_value_info(n, d, s) for n, (s, d) in inputs.items()],
                     [h.make_tensor_value_info(n, d, s) for n, (s, d) in outputs.items()], list(inits))
    m = h.make_model(g, opset_imports=[h.make_opsetid('', opset)] + [h.make_opsetid(d, v) for d, v in extra], ir_version=8)
    d = os.path.join(OUT, name); os.makedirs(d, exist_ok=True)
    onnx.save(m, os.path.join(d, 'model.onnx'))
    xs = {}
    for n, (s, dt) in inputs.items():
        s1 = [1 if isinstance(k, str) else k for k in s]
        if samples and n in samples:
            x = np.stack([samples[n]() for _ in range(N)])
        elif dt == T.FLOAT:
            x = rng.standard_normal([N] + s1[1:]).astype(F) if len(s1) > 1 else rng.standard_normal([N] + s1).astype(F)
        elif dt == T.INT64:
            x = rng.integers(0, 8, [N] + s1[1:]).astype(np.int64)
        elif dt == T.BOOL:
            x = rng.integers(0, 2, [N] + s1[1:]).astype(bool)
        elif dt == T.INT32:
            x = rng.integers(0, 8, [N] + s1[1:]).astype(np.int32)
        xs[n] = x
    for n, x in xs.items():
        np.save(os.path.join(d, f'in_{n}.npy'), x)
    json.dump({'inputs': list(xs), 'outputs': list(outputs)}, open(os.path.join(d, 'meta.json'), 'w'))

def unary(name, op, shape=(1, 3, 4), opset=17, outshape=None, samples=None, **attrs):
    model(name, [h.make_node(op, ['x'], ['y'], **attrs)], {'x': (shape, T.FLOAT)}, {'y': (outshape, T.FLOAT)}, opset=opset,
          samples={'x': samples} if samples else None)

U = lambda lo, hi, s=(3, 4): (lambda: rng.uniform(lo, hi, s).astype(F))
for op in 'Relu Sigmoid Tanh Elu Selu Celu Softplus Softsign HardSigmoid HardSwish Mish Erf Exp Abs Neg Sin Cos Tan Sinh Cosh Asinh Atan Ceil Floor Round Sign LeakyRelu ThresholdedRelu Identity'.split():
    unary('1l_' + op.lower(), op, opset=18)
for op, lo, hi in [('Sqrt', .1, 4), ('Log', .1, 4), ('Reciprocal', .5, 4), ('Asin', -.9, .9), ('Acos', -.9, .9), ('Acosh', 1.1, 4), ('Atanh', -.9, .9)]:
    unary('1l_' + op.lower(), op, samples=U(lo, hi))
unary('1l_gelu_exact', 'Gelu', opset=20); unary('1l_gelu_tanh', 'Gelu', opset=20, approximate='tanh')
unary('1l_swish', 'Swish', opset=24)
unary('celu_alpha', 'Celu', alpha=.5); unary('shrink', 'Shrink', lambd=.5, bias=.1)
unary('1l_softmax', 'Softmax', axis=-1); unary('softmax11', 'Softmax', shape=(1, 2, 3, 4), opset=11, axis=1)
unary('1l_logsoftmax', 'LogSoftmax', axis=-1); unary('1l_hardmax', 'Hardmax', axis=-1)
for op in 'ReduceSum ReduceMean ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceLogSumExp ReduceSumSquare ReduceProd'.split():
    if op == 'ReduceSum':
        model('reducesum', [h.make_node(op, ['x', 'a'], ['y'], keepdims=0)], {'x': ((1, 3, 4), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('a', np.array([2]))])
    else:
        unary(op.lower(), op, axes=[2], keepdims=0)
model('argmax', [h.make_node('ArgMax', ['x'], ['y'], axis=1, keepdims=0)], {'x': ((1, 9), T.FLOAT)}, {'y': (None, T.INT64)})
model('argmin', [h.make_node('ArgMin', ['x'], ['y'], axis=1, keepdims=0)], {'x': ((1, 9), T.FLOAT)}, {'y': (None, T.INT64)})
model('topk', [h.make_node('TopK', ['x', 'k'], ['y', 'i'], axis=1)], {'x': ((1, 8), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('k', np.array([3]))])
W = lambda *s: (rng.standard_normal(s) / np.sqrt(np.prod(s[1:]))).astype(F)
model('1l_linear', [h.make_node('Gemm', ['x', 'w', 'b'], ['y'], transB=1)], {'x': ((1, 8), T.FLOAT)}, {'y': ((1, 4), T.FLOAT)}, [init('w', W(4, 8)), init('b', W(4, 1)[:, 0])])
model('1l_conv', [h.make_node('Conv', ['x', 'w', 'b'], ['y'], pads=[1] * 4)], {'x': ((1, 3, 8, 8), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('w', W(4, 3, 3, 3)), init('b', W(4, 1)[:, 0])])
model('1l_conv_transpose', [h.make_node('ConvTranspose', ['x', 'w'], ['y'], strides=[2, 2], pads=[1] * 4, output_padding=[1, 1])], {'x': ((1, 3, 5, 5), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('w', W(3, 4, 3, 3))])
model('1l_batch_norm', [h.make_node('BatchNormalization', ['x', 's', 'b', 'm', 'v'], ['y'])], {'x': ((1, 3, 4, 4), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('s', W(3, 1)[:, 0]), init('b', W(3, 1)[:, 0]), init('m', W(3, 1)[:, 0]), init('v', np.array([1, .5, 2], F))])
model('1l_instance_norm', [h.make_node('InstanceNormalization', ['x', 's', 'b'], ['y'])], {'x': ((1, 3, 6, 6), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('s', np.array([1, 2, .5], F)), init('b', W(3, 1)[:, 0])])
model('layernorm', [h.make_node('LayerNormalization', ['x', 's', 'b'], ['y'], axis=-1)], {'x': ((1, 5, 16), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('s', np.ones(16, F)), init('b', np.zeros(16, F))])
model('groupnorm', [h.make_node('GroupNormalization', ['x', 's', 'b'], ['y'], num_groups=2)], {'x': ((1, 4, 5, 5), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('s', np.ones(4, F)), init('b', np.zeros(4, F))], opset=21)
unary('avgpool', 'AveragePool', shape=(1, 2, 8, 8), kernel_shape=[2, 2], strides=[2, 2])
unary('maxpool', 'MaxPool', shape=(1, 2, 8, 8), kernel_shape=[2, 2], strides=[2, 2])
unary('lppool', 'LpPool', shape=(1, 2, 8, 8), kernel_shape=[2, 2], strides=[2, 2])
unary('gap', 'GlobalAveragePool', shape=(1, 2, 8, 8))
unary('flatten', 'Flatten'); unary('transpose', 'Transpose', perm=[0, 2, 1])
def binary(name, op, **kw):
    model(name, [h.make_node(op, ['a', 'b'], ['y'])], {'a': ((1, 3, 4), T.FLOAT), 'b': ((1, 3, 4), T.FLOAT)}, {'y': (None, kw.get('out', T.FLOAT))}, samples=kw.get('samples'))
for op in 'Add Sub Mul Max Min'.split(): binary('2in_' + op.lower(), op)
binary('2in_div', 'Div', samples={'b': U(.5, 3)})
binary('2in_less', 'Less', out=T.BOOL); binary('2in_greater', 'Greater', out=T.BOOL)
def const(name, op, c, first=False, shape=(1, 3, 4), samples=None, opset=17):
    model(name, [h.make_node(op, ['c', 'x'] if first else ['x', 'c'], ['y'])], {'x': (shape, T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('c', c)], samples={'x': samples} if samples else None, opset=opset)
const('add_const', 'Add', W(1, 4)); const('const_minus_x', 'Sub', W(3, 1), True); const('mul_const', 'Mul', W(3, 4)); const('div_const', 'Div', np.abs(W(1, 4)) + F(.5))
const('pow2', 'Pow', F(2)); const('pow3_int', 'Pow', np.int64(3)); const('pow_half', 'Pow', F(.5), samples=U(.1, 3)); const('prelu', 'PRelu', np.array([[.1], [.2], [.3]], F))
model("gather", [h.make_node("Gather", ["x", "c"], ["y"], axis=1)], {"x": ((1, 3, 4), T.FLOAT)}, {"y": (None, T.FLOAT)}, [init("c", np.array([0, 2]))])
const('max_const', 'Max', F(.5)); const('min_const', 'Min', W(3, 1)); const('expand', 'Expand', np.array([2, 3, 4])); const('tile', 'Tile', np.array([1, 2, 1]))
model("gather", [h.make_node("Gather", ["x", "c"], ["y"], axis=1)], {"x": ((1, 3, 4), T.FLOAT)}, {"y": (None, T.FLOAT)}, [init("c", np.array([0, 2]))])
const("prelu1", "PRelu", np.array([.1], F)); const('reshape', 'Reshape', np.array([1, -1])); const('matmul', 'MatMul', W(4, 5))
model('clip', [h.make_node('Clip', ['x', 'lo', 'hi'], ['y'])], {'x': ((1, 3, 4), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('lo', F(-.5)), init('hi', F(.7))])
model('where_leaky', [h.make_node('Greater', ['x', 'z'], ['c']), h.make_node('Mul', ['x', 's'], ['n']), h.make_node('Where', ['c', 'x', 'n'], ['y'])], {'x': ((1, 3, 4), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('z', F(0)), init('s', F(.1))])
model('concat_const', [h.make_node('Concat', ['x', 'c'], ['y'], axis=2)], {'x': ((1, 3, 4), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('c', W(1, 3, 2))])
model('concat2', [h.make_node('Concat', ['a', 'b'], ['y'], axis=1)], {'a': ((1, 3, 4), T.FLOAT), 'b': ((1, 2, 4), T.FLOAT)}, {'y': (None, T.FLOAT)})
model('slice', [h.make_node('Slice', ['x', 's', 'e', 'a'], ['y'])], {'x': ((1, 3, 4), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('s', np.array([1])), init('e', np.array([3])), init('a', np.array([2]))])
for mode, v in [('constant', .5), ('reflect', 0), ('edge', 0)]:
    model('pad_' + mode, [h.make_node('Pad', ['x', 'p', 'v'], ['y'], mode=mode)], {'x': ((1, 2, 5, 5), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('p', np.array([0, 0, 1, 1, 0, 0, 1, 1])), init('v', F(v))])
model('resize_linear', [h.make_node('Resize', ['x', '', 's'], ['y'], mode='linear', coordinate_transformation_mode='pytorch_half_pixel')], {'x': ((1, 2, 4, 4), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('s', np.array([1, 1, 2, 2], F))])
model('resize_sizes', [h.make_node('Resize', ['x', '', '', 's'], ['y'], mode='nearest', coordinate_transformation_mode='asymmetric', nearest_mode='floor')], {'x': ((1, 2, 4, 4), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('s', np.array([1, 2, 8, 8]))])
model('cumsum', [h.make_node('CumSum', ['x', 'a'], ['y'])], {'x': ((1, 3, 6), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('a', np.int64(2))])
for up in (0, 1):
    model('trilu%d' % up, [h.make_node('Trilu', ['x'], ['y'], upper=up)], {'x': ((1, 4, 4), T.FLOAT)}, {'y': (None, T.FLOAT)})
model('gather_elements', [h.make_node('GatherElements', ['x', 'i'], ['y'], axis=2)], {'x': ((1, 3, 4), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('i', rng.integers(0, 4, (1, 3, 2)))])
model('gather_nd', [h.make_node('GatherND', ['x', 'i'], ['y'])], {'x': ((1, 3, 4), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('i', np.array([[0, 1], [0, 2]]))])
model('scatter_elements', [h.make_node('ScatterElements', ['x', 'i', 'u'], ['y'], axis=1)], {'x': ((1, 6), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('i', np.array([[1, 3]])), init('u', np.array([[1.5, -1]], F))])
model('scatter_nd', [h.make_node('ScatterND', ['x', 'i', 'u'], ['y'])], {'x': ((1, 6), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('i', np.array([[0, 1], [0, 4]])), init('u', np.array([1.5, -1], F))])
model('var', [h.make_node('ReduceMean', ['x'], ['m'], axes=[2]), h.make_node('Sub', ['x', 'm'], ['d']), h.make_node('Mul', ['d', 'd'], ['q']), h.make_node('ReduceMean', ['q'], ['y'], axes=[2], keepdims=0)], {'x': ((1, 3, 8), T.FLOAT)}, {'y': (None, T.FLOAT)})
model('boolean', [h.make_node('And', ['a', 'b'], ['c']), h.make_node('Not', ['c'], ['y'])], {'a': ((1, 4), T.BOOL), 'b': ((1, 4), T.BOOL)}, {'y': (None, T.BOOL)})
model('int_add', [h.make_node('Add', ['a', 'b'], ['y'])], {'a': ((1, 4), T.INT64), 'b': ((1, 4), T.INT64)}, {'y': (None, T.INT64)})
model('round_ops', [h.make_node('Round', ['x'], ['a']), h.make_node('Ceil', ['x'], ['b']), h.make_node('Floor', ['x'], ['c'])], {'x': ((1, 3, 4), T.FLOAT)}, {'a': (None, T.FLOAT), 'b': (None, T.FLOAT), 'c': (None, T.FLOAT)})
H = 6
for op, k in [('LSTM', 4), ('GRU', 3), ('RNN', 1)]:
    model(op.lower(), [h.make_node(op, ['xt', 'W', 'R', 'B'], ['Y', 'Yh'], hidden_size=H), ] and [h.make_node('Transpose', ['x'], ['xt'], perm=[1, 0, 2]), h.make_node(op, ['xt', 'W', 'R', 'B'], ['Y', 'Yh'], hidden_size=H), h.make_node('Flatten', ['Yh'], ['y'])], {'x': ((1, 5, 4), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('W', W(1, k * H, 4)), init('R', W(1, k * H, H)), init('B', W(1, 2 * k * H) * F(.3))])
D = 16
att = [h.make_node('MatMul', ['x', 'wq'], ['q']), h.make_node('MatMul', ['x', 'wk'], ['k']), h.make_node('MatMul', ['x', 'wv'], ['v']), h.make_node('Transpose', ['k'], ['kt'], perm=[0, 2, 1]), h.make_node('MatMul', ['q', 'kt'], ['s0']), h.make_node('Div', ['s0', 'sd'], ['s'])]
wi = [init(n, W(D, D) * F(1)) for n in ('wq', 'wk', 'wv')] + [init('sd', F(4))]
model('self_attention', att + [h.make_node('Softmax', ['s'], ['p'], axis=-1), h.make_node('MatMul', ['p', 'v'], ['y'])], {'x': ((1, 6, D), T.FLOAT)}, {'y': (None, T.FLOAT)}, wi)
mask = np.triu(np.full((6, 6), -np.inf, F), 1)
model('causal_attention', att + [h.make_node('Add', ['s', 'm'], ['sm']), h.make_node('Softmax', ['sm'], ['p'], axis=-1), h.make_node('MatMul', ['p', 'v'], ['y'])], {'x': ((1, 6, D), T.FLOAT)}, {'y': (None, T.FLOAT)}, wi + [init('m', mask)])
model('causal_where', att + [h.make_node('Where', ['mk', 's', 'big'], ['sm']), h.make_node('Softmax', ['sm'], ['p'], axis=-1), h.make_node('MatMul', ['p', 'v'], ['y'])], {'x': ((1, 6, D), T.FLOAT)}, {'y': (None, T.FLOAT)}, wi + [init('mk', np.tril(np.ones((1, 6, 6), bool))), init('big', F(-1e9))])
model('mlp', [h.make_node('Gemm', ['x', 'a', 'ab'], ['h'], transB=1), h.make_node('Relu', ['h'], ['r']), h.make_node('Gemm', ['r', 'b', 'bb'], ['y'], transB=1)], {'x': (('N', 8), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('a', W(32, 8)), init('ab', W(32, 1)[:, 0]), init('b', W(4, 32)), init('bb', W(4, 1)[:, 0])])
model('einsum', [h.make_node('Einsum', ['x', 'w'], ['y'], equation='bij,jk->bik')], {'x': ((1, 3, 4), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('w', W(4, 5))])
model('quantize_dequantize', [h.make_node('QuantizeLinear', ['x', 's', 'z'], ['q']), h.make_node('DequantizeLinear', ['q', 's', 'z'], ['y'])], {'x': ((1, 3, 4), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('s', F(.05)), init('z', np.uint8(128))])
model('depth_to_space', [h.make_node('DepthToSpace', ['x'], ['y'], blocksize=2, mode='CRD')], {'x': ((1, 8, 3, 3), T.FLOAT)}, {'y': (None, T.FLOAT)})
model('mod', [h.make_node('Mod', ['x', 'c'], ['y'], fmod=1)], {'x': ((1, 3, 4), T.FLOAT)}, {'y': (None, T.FLOAT)}, [init('c', F(.75))])
model('split', [h.make_node('Split', ['x'], ['a', 'b'], axis=2)], {'x': ((1, 3, 4), T.FLOAT)}, {'a': (None, T.FLOAT), 'b': (None, T.FLOAT)}, opset=13)
model('one_hot', [h.make_node('OneHot', ['i', 'd', 'v'], ['y'])], {'i': ((1, 4), T.INT64)}, {'y': (None, T.FLOAT)}, [init('d', np.int64(8)), init('v', np.array([0, 1], F))])
model('embedding', [h.make_node('Gather', ['w', 'i'], ['y'])], {'i': ((1, 4), T.INT64)}, {'y': (None, T.FLOAT)}, [init('w', W(8, 5))])

try:
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.svm import LinearSVC
    from sklearn.neural_network import MLPRegressor
    from sklearn.tree import DecisionTreeClassifier
    from sklearn.ensemble import RandomForestClassifier, GradientBoostingRegressor
    from skl2onnx import to_onnx
    X = rng.standard_normal((200, 6)).astype(F); y = X @ W(6, 1)[:, 0]; c = (y > 0).astype(int)
    for name, est, t in [('linear_regression', LinearRegression(), y), ('logistic', LogisticRegression(), c), ('linear_svc', LinearSVC(), c), ('sk_mlp', MLPRegressor(hidden_layer_sizes=(16,), max_iter=300), y), ('decision_tree', DecisionTreeClassifier(max_depth=4), c), ('random_forest', RandomForestClassifier(5, max_depth=4), c), ('gbt', GradientBoostingRegressor(n_estimators=10), y)]:
        m = to_onnx(est.fit(X, t), X[:1], target_opset=17, options={'zipmap': False} if (hasattr(est, 'classes_') and name != 'linear_svc') else None)
        d = os.path.join(OUT, 'sk_' + name); os.makedirs(d, exist_ok=True)
        onnx.save(m, os.path.join(d, 'model.onnx')); np.save(os.path.join(d, 'in_X.npy'), X[:N])
        json.dump({'inputs': ['X'], 'outputs': [o.name for o in m.graph.output]}, open(os.path.join(d, 'meta.json'), 'w'))
except Exception as e:
    print('sklearn part skipped:', e)
print(len(os.listdir(OUT)))
