kubectl --namespace=shop set resources deployment/checkout --containers=app --requests=cpu=250m,memory=300Mi --limits=cpu=2,memory=360Mi
# shop/Deployment/checkout: container proxy: not enough data
kubectl --namespace=shop set resources statefulset/db --containers=postgres --requests=cpu=1500m,memory=2Gi --limits=cpu=1500m,memory=2560Mi
kubectl --namespace=batch set resources cronjob/report --containers=job --requests=cpu=200m,memory=128Mi --limits=memory=128Mi
# shop/Rollout/canary: a custom resource: a merge patch would replace its list of containers; change its manifest (outrider recommend --manifest)
# Host/db-1:9100: a machine is no Kubernetes object
kubectl --namespace=evil set resources 'deployment/../<b>"x'\''?|&' --containers='a: #"'\''`' --requests=cpu=250m,memory=128Mi --limits=memory=160Mi
