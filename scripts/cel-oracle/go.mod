module celoracle

go 1.26

require k8s.io/apiserver v0.37.2
