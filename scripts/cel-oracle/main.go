// Evaluates CEL expressions as Kubernetes does: one JSON case a line in, one JSON answer a line out.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"k8s.io/apimachinery/pkg/util/version"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/common"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/library"
	"k8s.io/apiserver/pkg/cel/mutation"
	"k8s.io/apiserver/pkg/cel/openapi"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

type request struct {
	Expr   string       `json:"expr"`
	Schema *spec.Schema `json:"schema,omitempty"`
	Self   any          `json:"self,omitempty"`
	Patch  bool         `json:"patch,omitempty"`
}

type answer struct {
	Compile string `json:"compile,omitempty"`
	Type    string `json:"type,omitempty"`
	Error   string `json:"error,omitempty"`
	Value   string `json:"value,omitempty"`
	Cost    uint64 `json:"cost,omitempty"`
	Max     string `json:"max,omitempty"`
}

func show(v ref.Val) string {
	switch t := v.(type) {
	case types.String:
		b, _ := json.Marshal(string(t))
		return string(b)
	case types.Bytes:
		return fmt.Sprintf("b%q", string(t))
	case types.Uint:
		return fmt.Sprintf("%du", uint64(t))
	case types.Int, types.Bool:
		return fmt.Sprintf("%v", t.Value())
	case types.Double:
		return fmt.Sprintf("double(%v)", float64(t))
	case types.Null:
		return "null"
	case types.Timestamp, types.Duration:
		return fmt.Sprintf("%v(%v)", v.Type().TypeName(), v.ConvertToType(types.StringType))
	case *types.Optional:
		if t.HasValue() {
			return "optional(" + show(t.GetValue()) + ")"
		}
		return "optional.none"
	}
	if l, ok := v.(interface {
		Size() ref.Val
		Get(ref.Val) ref.Val
	}); ok && v.Type() == types.ListType {
		out := "["
		n := int64(l.Size().(types.Int))
		for i := int64(0); i < n; i++ {
			if i > 0 {
				out += ", "
			}
			out += show(l.Get(types.Int(i)))
		}
		return out + "]"
	}
	if v.Type() == types.MapType {
		m, err := v.ConvertToNative(reflect.TypeOf(map[string]any{}))
		if err == nil {
			b, _ := json.Marshal(m)
			return string(b)
		}
	}
	return fmt.Sprintf("%v(%v)", v.Type().TypeName(), v.Value())
}

func main() {
	base := environment.MustBaseEnvSet(version.MajorMinor(1, 37))
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		var r request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			panic(err)
		}
		b, _ := json.Marshal(solve(base, r))
		out.Write(b)
		out.WriteByte('\n')
	}
}

func solve(base *environment.EnvSet, r request) (a answer) {
	r.Self = intify(r.Self)
	var opts environment.VersionedOptions
	opts.IntroducedVersion = version.MajorMinor(1, 0)
	vars := map[string]any{}
	sizes := &sizes{}
	if r.Schema != nil {
		s := &openapi.Schema{Schema: r.Schema}
		decl := common.SchemaDeclType(s, false)
		if decl == nil {
			decl = apiservercel.DynType
		} else {
			decl = decl.MaybeAssignTypeName("Self")
		}
		sizes.root = decl
		opts.DeclTypes = []*apiservercel.DeclType{decl}
		opts.EnvOptions = []cel.EnvOption{cel.Variable("self", decl.CelType())}
		vars["self"] = common.UnstructuredToVal(r.Self, s)
	} else {
		opts.EnvOptions = []cel.EnvOption{cel.Variable("self", cel.DynType)}
		vars["self"] = types.DefaultTypeAdapter.NativeToValue(r.Self)
	}
	if r.Patch {
		opts.EnvOptions = append(opts.EnvOptions, common.ResolverEnvOption(&mutation.DynamicTypeResolver{}), library.JSONPatch())
	}
	set, err := base.Extend(opts)
	if err != nil {
		a.Compile = "env: " + err.Error()
		return
	}
	env := set.NewExpressionsEnv()
	ast, iss := env.Compile(r.Expr)
	if iss != nil && iss.Err() != nil {
		a.Compile = iss.String()
		return
	}
	a.Type = checker.FormatCELType(ast.OutputType())
	est := &library.CostEstimator{SizeEstimator: sizes}
	if ce, err := env.EstimateCost(ast, est); err == nil {
		a.Max = fmt.Sprint(ce.Max)
	}
	prog, err := env.Program(ast, cel.InterruptCheckFrequency(100))
	if err != nil {
		a.Compile = "program: " + err.Error()
		return
	}
	v, det, err := prog.Eval(vars)
	if det != nil && det.ActualCost() != nil {
		a.Cost = *det.ActualCost()
	}
	if err != nil {
		a.Error = err.Error()
		return
	}
	a.Value = show(v)
	return
}

// sizes tells how large the values at a path of the schema can be.
type sizes struct{ root *apiservercel.DeclType }

func (s *sizes) EstimateSize(node checker.AstNode) *checker.SizeEstimate {
	at := s.root
	if at == nil || len(node.Path()) == 0 {
		return nil
	}
	for _, name := range node.Path()[1:] {
		switch name {
		case "@items", "@values":
			at = at.ElemType
		case "@keys":
			at = at.KeyType
		default:
			field, ok := at.Fields[name]
			if !ok {
				return nil
			}
			at = field.Type
		}
		if at == nil {
			return nil
		}
	}
	return &checker.SizeEstimate{Max: uint64(at.MaxElements)}
}

func (*sizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}

// intify makes whole numbers of those without a fraction, as the API server reads them.
func intify(v any) any {
	switch t := v.(type) {
	case float64:
		if t == float64(int64(t)) {
			return int64(t)
		}
	case []any:
		for i := range t {
			t[i] = intify(t[i])
		}
	case map[string]any:
		for k := range t {
			t[k] = intify(t[k])
		}
	}
	return v
}
